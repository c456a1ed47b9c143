import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { hang, passThrough } from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';

const fetchOne = '{ executionContext(id: "ctx_1") { __typename } }';
const update = `mutation {
  updateExecutionContext(id: "ctx_1", input: { sessionId: "new" }) { __typename } }`;

describe('a client that goes away', () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    // Longer than this test may take, so that it is not the deadline that ends a read.
    gateway = await startTestGateway({ env: { UPSTREAM_TIMEOUT_MS: '60000' } });
    gateway.upstream.seed({ id: 'ctx_1', session_id: 'old' });
  });
  afterEach(() => gateway.close());

  /** Sends an operation, and leaves when `leave` resolves. */
  async function askAndLeave(query: string, leave: Promise<void>): Promise<void> {
    const controller = new AbortController();
    const answer = fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await gateway.freshToken()}`,
      },
      body: JSON.stringify({ query }),
      signal: controller.signal,
    });
    await leave;
    controller.abort();
    await expect(answer).rejects.toThrow('aborted');
  }

  it('ends the read that it asked for', async () => {
    gateway.upstream.always(hang());
    await askAndLeave(fetchOne, gateway.upstream.received(1));
    await gateway.upstream.requests[0]?.abandoned;
    expect(gateway.upstream.requests).toHaveLength(1);
  });

  it('does not end the write that it asked for', async () => {
    const gate = createGate();
    gateway.upstream.always(gate.hold());
    await askAndLeave(update, gate.reached(1));
    // Its leaving has been seen by the gateway once it is in the log.
    await expect.poll(() => gateway.logs()).toContain('"complete":false');
    gate.open();
    await expect.poll(() => gateway.upstream.stored('ctx_1')?.session_id).toBe('new');
  });
});

describe('the deadline of a field', () => {
  it('is one for looking up the owner and for the write that follows', async () => {
    const deadlineMs = 1_000;
    const gateway = await startTestGateway({ env: { UPSTREAM_TIMEOUT_MS: String(deadlineMs) } });
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
    gateway.upstream.on('GET', /./, (exchange) => {
      setTimeout(() => void passThrough()(exchange), deadlineMs * 0.9);
    });
    gateway.upstream.on('PUT', /./, hang());
    const startedAt = performance.now();
    const token = await gateway.tokenOf('alice');
    expect(await runOne(gateway, 'update', 'ctx_1', { token })).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    });
    expect(gateway.upstream.requests.map(({ method }) => method)).toEqual(['GET', 'PUT']);
    expect(performance.now() - startedAt).toBeLessThan(deadlineMs + 500);
    await gateway.close();
  });
});
