import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createLogger, type LogLevel, type RequestLine } from '../../src/telemetry/logger.ts';

const now = Date.UTC(2025, 0, 31, 23, 59, 59, 7);

beforeEach(() => {
  vi.useFakeTimers({ now, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function start(level: LogLevel = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { logger: createLogger({ level, destination }), lines };
}

const request: RequestLine = {
  requestId: 'request-1',
  method: 'POST',
  path: '/graphql',
  status: 200,
  complete: true,
  durationMs: 12.345,
  operation: 'mutation',
  results: { AiExecutionContext: 1, RATE_LIMITED: 5 },
};

describe('a log line', () => {
  it('has its level by name, the time, what it is about and its message', () => {
    const { logger, lines } = start();
    logger.info({ url: 'http://localhost' }, 'listening');
    expect(lines).toEqual([
      '{"level":"info","time":"2025-01-31T23:59:59.007Z","url":"http://localhost","msg":"listening"}\n',
    ]);
  });

  it('has the time it was logged at, over the end of a second and back', () => {
    const { logger, lines } = start();
    for (const step of [0, 92, 900, 1, -1, 3_600_000, -7_200_000]) {
      vi.setSystemTime(Date.now() + step);
      logger.info('line');
      expect(lines.at(-1)).toContain(`"time":"${new Date().toISOString()}"`);
    }
  });

  it('has of an error what is safe to show', () => {
    const { logger, lines } = start();
    logger.error({ err: Object.assign(new Error('failed'), { args: ['secret'] }) }, 'it failed');
    expect(lines.join()).toContain('"err":{"type":"Error","message":"failed"');
    expect(lines.join()).not.toContain('secret');
  });
});

describe("a request's line", () => {
  it('has what is known of the request', () => {
    const { logger, lines } = start();
    logger.request(request);
    expect(lines).toEqual([
      '{"level":"info","time":"2025-01-31T23:59:59.007Z","requestId":"request-1","method":"POST",' +
        '"path":"/graphql","status":200,"complete":true,"durationMs":12.3,"operation":"mutation",' +
        '"results":{"AiExecutionContext":1,"RATE_LIMITED":5},"msg":"request"}\n',
    ]);
  });

  it.each<[string, Partial<RequestLine>]>([
    ['an operation', {}],
    ['no operation', { operation: null, results: null }],
    ['an operation without results', { operation: 'none', results: null }],
    ['a failure', { status: 500, complete: false }],
    ['a client that left', { status: 499, complete: false }],
    ['an id with quotes and backslashes', { requestId: '"a\\b"\\"' }],
    ['an id of 128 characters', { requestId: '\\"'.repeat(64) }],
    ['no method', { method: undefined }],
    ['a whole number of milliseconds', { durationMs: 3 }],
    ['next to no time', { durationMs: 0.01 }],
    ['a long time', { durationMs: 123_456_789.16 }],
  ])('is what pino would write of %s', (_name, difference) => {
    const { logger, lines } = start();
    const line = { ...request, ...difference };
    const { operation, results, durationMs, ...rest } = line;
    logger.request(line);
    logger[line.status === 500 ? 'error' : 'info'](
      {
        ...rest,
        durationMs: Math.round(durationMs * 10) / 10,
        ...(operation !== null && { operation, results: results ?? {} }),
      },
      'request',
    );
    expect(lines[0]).toBe(lines[1]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ requestId: line.requestId });
  });

  it("has what all lines of a child's have", () => {
    const { logger, lines } = start();
    const child = logger.child({ subgraph: 'one' }).child({ replica: { number: 2 } });
    child.request(request);
    child.info({ ...request, durationMs: 12.3 }, 'request');
    logger.request(request);
    expect(lines[0]).toContain('"subgraph":"one","replica":{"number":2},"requestId"');
    expect(lines[0]).toBe(lines[1]);
    expect(lines[2]).not.toContain('subgraph');
    child.level = 'warn';
    child.request(request);
    expect(lines).toHaveLength(3);
    expect(child.flushSync()).toBe(true);
    expect(child.droppedLines()).toBe(0);
  });

  it('is left out where its level is', () => {
    const { logger, lines } = start('warn');
    logger.request(request);
    expect(lines).toEqual([]);
    logger.request({ ...request, status: 500 });
    expect(lines).toHaveLength(1);
    logger.level = 'info';
    logger.request(request);
    expect(lines).toHaveLength(2);
  });

  it('is left out where nothing is logged', () => {
    const { logger, lines } = start('silent');
    logger.request({ ...request, status: 500 });
    expect(lines).toEqual([]);
  });

  it('stands among the other lines in order', () => {
    const { logger, lines } = start();
    logger.info('before');
    logger.request(request);
    logger.info('after');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
      'before',
      'request',
      'after',
    ]);
  });
});

it('neither opens nor waits for standard output where nothing is logged', () => {
  const before = process.listenerCount('exit');
  const logger = createLogger({ level: 'silent' });
  logger.fatal('nothing');
  expect(logger.flushSync()).toBe(true);
  expect(logger.droppedLines()).toBe(0);
  expect(process.listenerCount('exit')).toBe(before);
});
