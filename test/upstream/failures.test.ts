import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  operationNames,
  run,
  runOne,
  type OperationName,
  type Result,
} from '../support/operations.ts';
import type { Answer } from '../support/upstream-exchange.ts';
import {
  dripBody,
  dripHeaders,
  gzipBomb,
  hang,
  hangUp,
  hangUpWhenReused,
  hugeBody,
  informational,
  invalidHttp,
  raw,
  redirect,
  reply,
  reset,
  resetMidBody,
  truncatedJson,
} from '../support/upstream-faults.ts';

const deadlineMs = 500;

const lost = { code: 'UPSTREAM_FAILED', retryable: true };
const malformed = { code: 'UPSTREAM_FAILED', retryable: false };
const late = { code: 'UPSTREAM_TIMEOUT', retryable: true };
const unreachable = { code: 'UPSTREAM_UNAVAILABLE', retryable: true };

const http = (...lines: string[]) => raw(lines.join('\r\n'));

/** What can go wrong between a request and a whole answer, for a context and for all the others. */
const faults: Readonly<Record<string, readonly [Answer, typeof lost]>> = {
  'a reset before a byte': [reset(), lost],
  'a hang-up before a byte': [hangUp(), lost],
  'a reset in the body': [resetMidBody(), lost],
  'less of a body than announced': [
    http('HTTP/1.1 200 OK', 'content-length: 100', '', '{"id":"ctx_1"}'),
    lost,
  ],
  'chunks without an end': [
    http('HTTP/1.1 200 OK', 'transfer-encoding: chunked', '', 'e', '{"id":"ctx_1"}', ''),
    lost,
  ],
  'bytes that are no HTTP': [invalidHttp(), lost],
  'a final 1xx': [http('HTTP/1.1 103 Early Hints', '', ''), lost],
  'an upgrade nobody asked for': [
    http('HTTP/1.1 101 Switching Protocols', 'connection: upgrade', 'upgrade: x', '', ''),
    lost,
  ],
  'no answer': [hang(), late],
  'a slow body': [dripBody(), late],
  'slow headers': [dripHeaders(), late],
  'a redirect': [redirect('http://127.0.0.1:1/elsewhere', 307), malformed],
};

/** Bodies that a deletion has no use for. */
const bodyFaults: Readonly<Record<string, Answer>> = {
  'half of a body': truncatedJson(),
  'a body beyond all bounds': hugeBody(17 * 1024 * 1024),
  'a compressed bomb': gzipBomb(64 * 1024 * 1024),
  'bytes that are no UTF-8': raw(
    Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n{"id":"ctx_\xff\xfe"}\n', 'latin1'),
  ),
};

const leavesDoubt = ({ message }: Result) => message?.includes('may have been applied');

let ids = 0;
/** A write whose outcome is unknown keeps others from its context for a while. */
const freshId = () => `fresh_${(ids += 1)}`;

const isWrite = (operation: OperationName) => operation !== 'fetch' && operation !== 'list';

function expectUpstreamError(
  result: Result,
  operation: OperationName,
  { code, retryable }: typeof lost,
): void {
  const isCreate = operation === 'create' && code !== 'UPSTREAM_UNAVAILABLE';
  expect(result).toMatchObject({
    __typename: 'ExecutionContextUpstreamError',
    code,
    retryable: retryable && !isCreate,
  });
  expect(result.message).toMatch(/^The (API|connection to the API) [^<>\n]*\.$/);
  expect(result.message).not.toMatch(/127\.0\.0\.1|ECONN|socket|undici|invalid/i);
}

describe('an API that fails', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { UPSTREAM_TIMEOUT_MS: String(deadlineMs) } });
  });
  afterAll(() => gateway.close());
  afterEach(async () => {
    // Answers in between, so that all these faults are no outage.
    gateway.upstream.clear();
    gateway.upstream.always(reply(404));
    await run(gateway, 'fetch', ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
    gateway.upstream.clear();
  });

  describe.each(operationNames)('on %s', (operation) => {
    it.each(Object.entries(faults))('is an upstream error: %s', async (_, [fault, expected]) => {
      gateway.upstream.always(fault);
      const startedAt = performance.now();
      const result = await runOne(gateway, operation, freshId());
      expect(performance.now() - startedAt).toBeLessThan(deadlineMs + 500);
      expectUpstreamError(result, operation, expected);
      const doubtful = isWrite(operation) && expected !== malformed;
      expect(leavesDoubt(result)).toBe(doubtful);
    });

    it('is unavailable: a refused connection', async () => {
      await gateway.upstream.stop();
      const result = await runOne(gateway, operation);
      await gateway.upstream.start();
      expectUpstreamError(result, operation, unreachable);
      expect(result.message).not.toMatch(/may have been applied/);
    });
  });

  describe.each(['fetch', 'list', 'create', 'update'] as const)(
    'on the body of %s',
    (operation) => {
      it.each(Object.entries(bodyFaults))('is malformed: %s', async (_, fault) => {
        gateway.upstream.always(fault);
        const result = await runOne(gateway, operation, freshId());
        expectUpstreamError(result, operation, malformed);
        expect(result.status).toBe(200);
        expect(leavesDoubt(result)).toBe(isWrite(operation));
      });
    },
  );

  it('deletes whatever the body of the answer', async () => {
    for (const fault of Object.values(bodyFaults)) {
      gateway.upstream.always(fault);
      const deletedId = freshId();
      expect(await runOne(gateway, 'delete', deletedId)).toEqual({
        __typename: 'DeletedExecutionContext',
        deletedId,
      });
    }
  });

  it('is heard out after an informational answer', async () => {
    gateway.upstream.seed({ id: 'ctx_1' });
    gateway.upstream.always(informational(103));
    expect(await runOne(gateway, 'fetch')).toMatchObject({ id: 'ctx_1' });
  });

  it('does not follow a redirect', async () => {
    const { url } = gateway.upstream;
    gateway.upstream.next(redirect(`${url}/ai-execution-context/ctx_2`));
    expect(await runOne(gateway, 'fetch')).toMatchObject({ code: 'UPSTREAM_FAILED', status: 302 });
    expect(gateway.upstream.requests.map(({ path }) => path)).toEqual([
      '/ai-execution-context/ctx_1',
    ]);
  });

  it('may close a connection just as a read reuses it', async () => {
    gateway.upstream.seed({ id: 'ctx_1' });
    gateway.upstream.always(hangUpWhenReused());
    for (let i = 0; i < 5; i += 1) {
      expect(await runOne(gateway, 'fetch')).toMatchObject({ id: 'ctx_1' });
    }
  });
});

describe('an API whose host has no address', () => {
  it.each(operationNames)('is unavailable on %s', async (operation) => {
    const gateway = await startTestGateway({ env: { UPSTREAM_URL: 'http://name.invalid' } });
    const result = await runOne(gateway, operation);
    expectUpstreamError(result, operation, unreachable);
    await gateway.close();
  });
});
