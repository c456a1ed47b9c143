import { expect, it } from 'vitest';

import { createLogger } from '../src/telemetry/logger.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';
import { createUpstreamObserver } from '../src/upstream-observer.ts';

function observe(level: 'debug' | 'info') {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const observer = createUpstreamObserver({
    logger: createLogger({ level, destination }),
    metrics: createMetrics().upstream,
  });
  return { observer, lines };
}

const failure = { kind: 'failure', reason: 'timeout', sent: true, cause: new Error('x') } as const;
const answer = { kind: 'answer', status: 200, headers: {}, body: '{"context":"private"}' } as const;

it('logs each exchange at debug, without what was in it', () => {
  const { observer, lines } = observe('debug');
  observer.onExchange?.('fetch', answer, 12.34, 'request-1');
  observer.onExchange?.('update', failure, 1, 'request-2');
  expect(lines).toEqual([
    {
      level: 'debug',
      time: expect.any(String) as string,
      requestId: 'request-1',
      operation: 'fetch',
      result: 200,
      durationMs: 12.3,
      msg: 'upstream exchange',
    },
    {
      level: 'debug',
      time: expect.any(String) as string,
      requestId: 'request-2',
      operation: 'update',
      result: 'timeout',
      durationMs: 1,
      msg: 'upstream exchange',
    },
  ]);
});

it('logs at info only that the circuit changed', () => {
  const { observer, lines } = observe('info');
  observer.onExchange?.('fetch', answer, 12, 'request-1');
  observer.onCircuitChange?.('open');
  observer.onCircuitChange?.('closed');
  expect(lines).toMatchObject([
    { level: 'error', state: 'open' },
    { level: 'info', state: 'closed' },
  ]);
});
