import { JsonText, mergePatch } from '../src/json/index.ts';
import { versionOf } from '../src/execution-contexts/version.ts';
import { createLocalLocks } from '../src/shared-state/keyed-locks.ts';
import { stateOfSize } from './servers/stored-context.ts';
import { median } from './statistics.ts';

/** What a part of a write costs by itself, in a hot loop of this process. */
export interface Piece {
  readonly title: string;
  /** Microseconds a call. */
  readonly us: number;
}

const batches = 15;
const batchMs = 20;

/** The price of versions, merges and locks. What a lock in Redis costs is in the updates of that side. */
export function measurePieces(sizes: readonly number[], nonAscii: boolean): Piece[] {
  const locks = createLocalLocks();
  const patch = new JsonText('{"current_step":"review","progress":90,"results":{"warnings":1}}');
  return [
    piece('a lock in process that nobody else wants, and its release', () => {
      const lock = locks.acquire('ctx_0.6_000001', 0, true);
      if (!(lock instanceof Promise)) lock.release();
    }),
    ...sizes.flatMap((size) => {
      const context = new JsonText(JSON.stringify(stateOfSize(size, nonAscii)));
      return [
        piece(`a version of ${size} kB`, () => versionOf({ context, sessionId: 'session_1' })),
        piece(`a merge into ${size} kB`, () => mergePatch(context, patch)),
      ];
    }),
  ];
}

function piece(title: string, call: () => unknown): Piece {
  const perCall: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    const startedAt = performance.now();
    let calls = 0;
    do {
      for (let i = 0; i < 10; i += 1) call();
      calls += 10;
    } while (performance.now() - startedAt < batchMs);
    perCall.push(((performance.now() - startedAt) * 1_000) / calls);
  }
  return { title, us: median(perCall) };
}
