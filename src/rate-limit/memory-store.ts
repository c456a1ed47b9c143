import { decide, type WindowUsage } from './decision.ts';
import type { RateLimitWindow } from './limit.ts';
import { LogTable, type CallLog } from './log-table.ts';
import {
  digestLength,
  digestUser,
  type CallCost,
  type ImmediateRateLimitStore,
  type RateLimitDecision,
} from './store.ts';

export interface MemoryStoreOptions {
  /**
   * Milliseconds by any clock, monotonic or not.
   *
   * @default performance.now
   */
  readonly now?: (() => number) | undefined;
  /**
   * The most users that are counted at a time in one group; {@link LogTable} says which one is displaced.
   *
   * @default 100_000
   */
  readonly maxUsers?: number;
}

export interface MemoryStore extends ImmediateRateLimitStore {
  /** The number of logs held now, over all groups. */
  readonly size: number;
}

/**
 * Creates a store that counts in this process. A call takes O(log max) for each window. Users whose
 * calls have all left the longest window are removed by later calls, without a timer. A log takes at
 * most about 600 + 12 × max bytes, whatever the length of the user's id.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { now = () => performance.now(), maxUsers = 100_000 } = options;
  const nowUs = createMonotonicMicroseconds(now);
  const groups = new Map<string, Group>();

  function groupOf(name: string): Group {
    let group = groups.get(name);
    if (group === undefined) {
      group = new Group(maxUsers);
      groups.set(name, group);
    }
    return group;
  }

  return {
    consume: ({ user, group }, windows, cost = 1) =>
      groupOf(group).decide(nowUs(), user, windows, cost),

    decide: (user, { group, windows }, cost) => groupOf(group).decide(nowUs(), user, windows, cost),

    get size() {
      let size = 0;
      for (const { logs } of groups.values()) size += logs.size;
      return size;
    },
  };
}

/**
 * Reads `now` in whole microseconds, so that sums and differences are exact, and as a time that never
 * goes back: a step back counts as no time having passed, and time goes on from there. To wait until
 * the clock has caught up would lock users out for as long as the step.
 *
 * @param now - In milliseconds.
 */
function createMonotonicMicroseconds(now: () => number): () => number {
  let latest = Math.floor(now() * 1000);
  let offset = 0;
  return () => {
    const reading = Math.floor(now() * 1000);
    if (reading + offset < latest) offset = latest - reading;
    latest = reading + offset;
    return latest;
  };
}

/** The users of one group, with everything that is the same in all its calls. */
class Group {
  readonly logs: LogTable;
  #windows: readonly RateLimitWindow[] = [];
  /** One for each window, overwritten by each call, so that a call does not allocate them. */
  #usages: Usage[] = [];
  #longestUs = 0;
  #mostCalls = 0;

  constructor(maxUsers: number) {
    this.logs = new LogTable(maxUsers);
  }

  decide(
    time: number,
    user: string,
    windows: readonly RateLimitWindow[],
    cost: CallCost,
  ): RateLimitDecision {
    if (windows !== this.#windows) this.#prepare(windows);
    const userKey = toUserKey(user);
    const log = this.logs.get(userKey);
    let counted = 0;
    for (const usage of this.#usages) {
      usage.read(log, time);
      if (usage.count > counted) counted = usage.count;
    }
    const decision = decide(this.#usages, cost);
    if (cost > 0 && decision.admitted) {
      this.logs.charge(log, userKey, time, counted + 1, this.#mostCalls);
    }
    this.logs.sweep(time - this.#longestUs);
    return decision;
  }

  #prepare(windows: readonly RateLimitWindow[]): void {
    this.#windows = windows;
    this.#usages = windows.map((window) => new Usage(window));
    this.#longestUs = Math.max(...windows.map(({ windowMs }) => windowMs)) * 1000;
    this.#mostCalls = Math.max(...windows.map(({ max }) => max));
  }
}

class Usage implements WindowUsage {
  readonly window: RateLimitWindow;
  readonly #windowUs: number;
  count = 0;
  freesInUs = 0;

  constructor(window: RateLimitWindow) {
    this.window = window;
    this.#windowUs = window.windowMs * 1000;
  }

  read(log: CallLog | undefined, time: number): void {
    const count = log === undefined ? 0 : log.countAfter(time - this.#windowUs);
    this.count = count;
    this.freesInUs = this.#windowUs;
    if (log === undefined || count === 0) return;
    this.freesInUs += log.at(Math.min(count, this.window.max) - 1) - time;
  }
}

/** Long ids are replaced by digests, for the memory bound. A digest is longer than any id that is not. */
function toUserKey(user: string): string {
  return user.length < digestLength ? user : digestUser(user);
}
