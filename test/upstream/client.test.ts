import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  createUpstreamClient,
  type UpstreamClient,
  type UpstreamClientOptions,
} from '../../src/upstream/client.ts';
import { createExecutionContextsApi } from '../../src/upstream/execution-contexts-api.ts';
import { operations } from '../../src/upstream/operation.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { hang, hangUp, reply, reset, sequence } from '../support/upstream-faults.ts';
import { createGate } from '../support/upstream-gate.ts';

const path = '/ai-execution-context/ctx_1';
const read = { operation: operations.fetch, path };
const write = { operation: operations.update, path, body: '{"session_id":"s"}' };
const remove = { operation: operations.delete, path };
const call = { requestId: 'request-1', token: null };

describe('a client of the API', () => {
  let upstream: Upstream;
  let clients: UpstreamClient[];
  beforeEach(async () => {
    clients = [];
    upstream = await startUpstream({ contexts: [{ id: 'ctx_1' }] });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await Promise.all(clients.map((client) => client.close()));
    await upstream.close();
  });

  function createClient(options: Partial<UpstreamClientOptions> = {}): UpstreamClient {
    const client = createUpstreamClient({
      url: upstream.url,
      apiKey: 'key',
      timeoutMs: 2_000,
      ...options,
    });
    clients.push(client);
    return client;
  }

  /** A client whose API refuses connections until the first retry. */
  async function createEarlyClient(): Promise<UpstreamClient> {
    vi.spyOn(Math, 'random').mockReturnValue(0.999);
    await upstream.stop();
    return createClient({ observer: { onRetry: () => void upstream.start() } });
  }

  describe('retries', () => {
    const passing = [
      ['502', reply(502)],
      ['503', reply(503)],
      ['504', reply(504)],
      ['a reset', reset()],
      ['a hang-up', hangUp()],
    ] as const;

    it.each(passing)('a read on %s, up to three attempts', async (_, fault) => {
      upstream.always(fault);
      expect((await createClient().send(read, call)).attempts).toBe(3);
      expect(upstream.requests).toHaveLength(3);
    });

    it.each(passing)('a read on %s until it is answered', async (_, fault) => {
      upstream.next(fault);
      const { outcome, attempts } = await createClient().send(read, call);
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
      expect(attempts).toBe(2);
    });

    it.each(passing)('no write on %s: it may have been applied', async (_, fault) => {
      upstream.always(fault);
      expect((await createClient().send(write, call)).attempts).toBe(1);
      expect(upstream.requests).toHaveLength(1);
    });

    it.each([400, 401, 404, 408, 409, 429, 500, 501, 505, 520])('nothing on %d', async (status) => {
      upstream.always(reply(status));
      expect((await createClient().send(read, call)).attempts).toBe(1);
    });

    it('a write of which nothing was sent', async () => {
      const client = await createEarlyClient();
      const { outcome } = await client.send(write, call);
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 });
      expect(upstream.stored('ctx_1')).toMatchObject({ session_id: 's' });
    });

    it('a deletion, which succeeds where the context is gone by then', async () => {
      const client = await createEarlyClient();
      upstream.always(reply(404));
      const api = createExecutionContextsApi({ client });
      await expect(api.delete('ctx_1', call)).resolves.toBeUndefined();
      await expect(api.delete('ctx_1', call)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('only while there is time', async () => {
      upstream.always(sequence(reply(503), hang()));
      const startedAt = performance.now();
      const { outcome } = await createClient({ timeoutMs: 300 }).send(read, call);
      expect(outcome).toMatchObject({ kind: 'failure', reason: 'timeout' });
      expect(performance.now() - startedAt).toBeLessThan(800);
    });

    it('nothing for a client that went away', async () => {
      const controller = new AbortController();
      upstream.always(reply(503));
      const client = createClient({
        observer: {
          onRetry: () => {
            controller.abort();
          },
        },
      });
      const { outcome } = await client.send(read, { ...call, signal: controller.signal });
      expect(outcome).toMatchObject({ reason: 'canceled' });
      expect(upstream.requests).toHaveLength(1);
    });
  });

  describe('has bounds', () => {
    it('on the calls in flight and waiting', async () => {
      const gate = createGate();
      upstream.always(gate.hold());
      const client = createClient({ maxPending: 2 });
      const admitted = [client.send(read, call), client.send(write, call)];
      const { outcome } = await client.send(read, call);
      expect(outcome).toMatchObject({ reason: 'shed', sent: false });
      gate.open();
      await Promise.all(admitted);
      expect((await client.send(read, call)).outcome.kind).toBe('answer');
    });

    it('on its connections', async () => {
      const client = createClient({ maxConnections: 2 });
      await Promise.all(Array.from({ length: 20 }, () => client.send(read, call)));
      expect(upstream.connections).toBe(2);
    });

    it('on the time that a call waits for a connection', async () => {
      const gate = createGate();
      upstream.always(gate.hold());
      const client = createClient({ maxConnections: 1, timeoutMs: 200 });
      const first = client.send(read, { ...call, deadline: performance.now() + 5_000 });
      await gate.reached(1);
      const second = await client.send(write, call);
      expect(second.outcome).toMatchObject({ reason: 'timeout', sent: false });
      gate.open();
      expect((await first).outcome.kind).toBe('answer');
    });
  });

  it('spends no connection on a call given up while it waited', async () => {
    const gate = createGate();
    upstream.always(gate.hold());
    const client = createClient({ maxConnections: 1 });
    const first = client.send(read, call);
    await gate.reached(1);
    const controller = new AbortController();
    const leaving = { ...call, signal: controller.signal };
    const waiting = Array.from({ length: 10 }, () => client.send(read, leaving));
    controller.abort();
    for (const { outcome } of await Promise.all(waiting)) {
      expect(outcome).toMatchObject({ reason: 'canceled', sent: false });
    }
    gate.open();
    await first;
    expect((await client.send(read, call)).outcome).toMatchObject({ status: 200 });
    expect(upstream.connections).toBe(1);
    expect(upstream.requests).toHaveLength(2);
  });

  it('answers every one of three hundred calls whose connection is refused', async () => {
    await upstream.stop();
    const client = createClient({ maxConnections: 8 });
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, i) => client.send({ ...write, path: `/${i}` }, call)),
    );
    for (const { outcome } of results) expect(outcome).toMatchObject({ sent: false });
    expect(client.circuitState).toBe('open');
  });

  it('answers for a request that cannot be written', async () => {
    const { outcome } = await createClient().send(remove, { ...call, requestId: 'a\nb' });
    expect(outcome).toMatchObject({ kind: 'failure', reason: 'connection', sent: false });
    expect(upstream.requests).toEqual([]);
  });

  it('says when the API has answered for the first time, with whatever status', async () => {
    upstream.always(reply(503));
    expect(await createClient().answered()).toBe(true);
  });

  it('takes the answer to a call for the first, where the API answers nothing else', async () => {
    upstream.on('HEAD', '/', hang());
    const client = createClient();
    const answered = client.answered();
    await upstream.received(1);
    await client.send(read, call);
    expect(await answered).toBe(true);
  });

  it('stops asking for a first answer when it is closed', async () => {
    upstream.always(hang());
    const client = createClient();
    const answered = client.answered();
    await upstream.received(1);
    await client.close();
    expect(await answered).toBe(false);
  });
});
