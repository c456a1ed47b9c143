import { expect, it } from 'vitest';

import { createFailureLog } from '../src/failure-log.ts';
import { createLogger } from '../src/telemetry/logger.ts';

function setUp(now?: () => number) {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const logger = createLogger({ level: 'info', destination });
  return { log: createFailureLog({ logger, what: 'the API', now }), lines };
}

const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', port: 1 });
const unknownHost = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' });

it('tells why something fails once, however often it fails', () => {
  const { log, lines } = setUp();
  for (let i = 0; i < 100; i += 1) log.failed('connection', refused);
  expect(lines).toMatchObject([
    { level: 'warn', outcome: 'connection', failures: 1, err: { code: 'ECONNREFUSED', port: 1 } },
  ]);
});

it('tells it again when the reason changes, with how often it failed meanwhile', () => {
  const { log, lines } = setUp();
  for (let i = 0; i < 3; i += 1) log.failed('connection', refused);
  log.failed('connection', unknownHost);
  expect(lines).toMatchObject([
    { failures: 1, err: { code: 'ECONNREFUSED' } },
    { failures: 3, err: { code: 'ENOTFOUND' } },
  ]);
});

it('tells when it is over, and of the next time anew', () => {
  const { log, lines } = setUp();
  log.ended();
  log.failed('timeout', refused);
  log.ended();
  log.ended();
  log.failed('timeout', refused);
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    ['warn', 'the API'],
    ['info', 'the API: recovered'],
    ['warn', 'the API'],
  ]);
});

it('tells of ten reasons a minute at most, where they take turns, and counts the others', () => {
  let nowMs = 0;
  const { log, lines } = setUp(() => nowMs);
  for (let i = 0; i < 100; i += 1) log.failed('connection', i % 2 === 0 ? refused : unknownHost);
  for (let i = 0; i < 100; i += 1) {
    log.failed('timeout');
    log.ended();
  }
  expect(lines).toHaveLength(11);
  expect(lines.at(-1)).toMatchObject({ level: 'info' });
  expect(log.cause).toBeNull();
  nowMs = 60_000;
  log.failed('timeout');
  expect(lines.at(-1)).toMatchObject({ level: 'warn', outcome: 'timeout' });
  expect(lines.at(-1)?.['failures']).toBeGreaterThan(90);
});

it('knows the present cause in a word', () => {
  const { log } = setUp();
  expect(log.cause).toBeNull();
  log.failed('connection', new Error('outer', { cause: refused }));
  expect(log.cause).toBe('ECONNREFUSED');
  log.failed('timeout', new Error('no answer'));
  expect(log.cause).toBe('timeout');
  log.ended();
  expect(log.cause).toBeNull();
});
