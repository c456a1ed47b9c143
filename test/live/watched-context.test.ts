import { beforeEach, describe, expect, it } from 'vitest';

import { UpstreamError } from '../../src/errors.ts';
import type {
  ExecutionContext,
  ExecutionContextStore,
} from '../../src/execution-contexts/model.ts';
import {
  WatchedContext,
  type ContextWatcher,
} from '../../src/execution-contexts/watched-context.ts';
import { JsonText } from '../../src/json/index.ts';
import { createMemoryEvents, type Events } from '../../src/shared-state/events.ts';

/** A read that the test answers. */
interface PendingRead {
  resolve(step: number): void;
  reject(error: unknown): void;
}

class Watcher implements ContextWatcher {
  readonly seen: (number | string)[] = [];

  show({ context }: ExecutionContext): void {
    this.seen.push(Number(context?.text));
  }
  gone(): void {
    this.seen.push('gone');
    watched.leave(this);
  }
  fail(error: unknown): void {
    this.seen.push((error as UpstreamError).code);
    watched.leave(this);
  }
  lost(): void {
    this.seen.push('lost');
    watched.leave(this);
  }
}

let events: Events;
let watched: WatchedContext;
let reads: PendingRead[];
let unwatched: number;

beforeEach(() => {
  reads = [];
  unwatched = 0;
  events = createMemoryEvents();
  const fetch = () =>
    new Promise((resolve, reject) => {
      reads.push({
        resolve: (step) => {
          const context = new JsonText(String(step));
          resolve({ id: 'ctx_1', userId: 'alice', sessionId: null, context });
        },
        reject,
      });
    });
  const store = { deadline: () => Infinity, fetch } as unknown as ExecutionContextStore;
  watched = new WatchedContext({
    ...{ id: 'ctx_1', store, events, election: null, pollMs: 0, behalf: null },
    onRefused: () => undefined,
    onUnwatched: () => (unwatched += 1),
  });
});

async function join(): Promise<Watcher> {
  const watcher = new Watcher();
  await watched.join(watcher);
  return watcher;
}

async function answer(read: number, with_: number | Error): Promise<void> {
  const pending = reads[read];
  if (pending === undefined) throw new Error(`There is no read ${read}.`);
  if (typeof with_ === 'number') pending.resolve(with_);
  else pending.reject(with_);
  await new Promise((resolve) => setImmediate(resolve));
}

const failure = () => new UpstreamError('Down.', { code: 'UPSTREAM_UNAVAILABLE', retryable: true });

describe('a watched context', () => {
  it('reads one at a time, and again for what happened meanwhile', async () => {
    const watcher = await join();
    for (let i = 0; i < 5; i += 1) events.publish('ctx_1', 'changed');
    expect(reads).toHaveLength(1);
    await answer(0, 1);
    expect(reads).toHaveLength(2);
    await answer(1, 2);
    expect(reads).toHaveLength(2);
    expect(watcher.seen).toEqual([1, 2]);
  });

  it('shows to who comes during a read only what a later read found', async () => {
    const first = await join();
    const second = await join();
    await answer(0, 1);
    expect([first.seen, second.seen]).toEqual([[1], []]);
    await answer(1, 2);
    expect([first.seen, second.seen]).toEqual([[1, 2], [2]]);
    expect(reads).toHaveLength(2);
  });

  it('does not read for a version that it has', async () => {
    const versions: string[] = [];
    const watcher = new Watcher();
    watcher.show = (_context, version?: string) => void versions.push(version ?? '');
    await watched.join(watcher);
    await answer(0, 1);
    events.publish('ctx_1', `version ${versions[0] ?? ''}`);
    expect(reads).toHaveLength(1);
    events.publish('ctx_1', 'version other');
    expect(reads).toHaveLength(2);
  });

  it('fails whoever has seen nothing yet at once, and others after three reads in a row', async () => {
    const first = await join();
    await answer(0, 1);
    const second = await join();
    await answer(1, failure());
    expect([first.seen, second.seen]).toEqual([[1], ['UPSTREAM_UNAVAILABLE']]);
    for (let read = 2; read < 4; read += 1) {
      events.publish('ctx_1', 'changed');
      await answer(read, failure());
    }
    expect(first.seen).toEqual([1]);
    events.publish('ctx_1', 'changed');
    await answer(4, 5);
    for (let read = 5; read < 8; read += 1) {
      events.publish('ctx_1', 'changed');
      await answer(read, failure());
    }
    expect(first.seen).toEqual([1, 5, 'UPSTREAM_UNAVAILABLE']);
    expect(unwatched).toBe(1);
  });

  it('tells of a delete those who have seen it, and reads for the others', async () => {
    const first = await join();
    await answer(0, 1);
    const second = await join();
    events.publish('ctx_1', 'deleted');
    await answer(1, 2);
    await answer(2, 3);
    expect([first.seen, second.seen]).toEqual([
      [1, 'gone'],
      [2, 3],
    ]);
  });

  it('is heard of no more once everybody has left', async () => {
    const watchers = [await join(), await join()];
    await answer(0, 1);
    for (const watcher of watchers) watched.leave(watcher);
    expect(unwatched).toBe(1);
    events.publish('ctx_1', 'changed');
    expect(reads).toHaveLength(2);
    await answer(1, 2);
    expect(reads).toHaveLength(2);
    expect(watchers.map(({ seen }) => seen)).toEqual([[1], []]);
  });
});
