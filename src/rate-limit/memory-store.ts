import type { CallLog } from './call-log.ts';
import type { Clock } from './clock.ts';
import { createMonotonicMicroseconds } from './clock.ts';
import type { WindowUsage } from './decision.ts';
import { decide } from './decision.ts';
import type { RateLimitWindow } from './limit.ts';
import { LogTable } from './log-table.ts';
import type { CallCost, RateLimitDecision, RateLimitKey, RateLimitStore } from './store.ts';
import { digestLength, digestUser } from './user-digest.ts';

export interface MemoryStoreOptions {
  /** @default performance (monotonic) */
  readonly clock?: Clock;
  /**
   * Users counted at a time in one group; see {@link LogTable} for who is forgotten beyond it.
   *
   * @default 100_000
   */
  readonly maxUsers?: number;
}

export interface MemoryStore extends RateLimitStore {
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): RateLimitDecision;
  /** Logs held at this moment, over all groups. */
  readonly size: number;
}

/**
 * Counts in this process. A call takes O(log max) a window. A user whose calls have all left the
 * longest window is forgotten by later calls, with no timer. A log takes at most about
 * 600 + 12 × max bytes, whatever the length of the user's id.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  const { clock = performance, maxUsers = 100_000 } = options;
  const now = createMonotonicMicroseconds(clock);
  const tables = new Map<string, LogTable>();

  function tableOf(group: string): LogTable {
    let table = tables.get(group);
    if (table === undefined) {
      table = new LogTable(maxUsers);
      tables.set(group, table);
    }
    return table;
  }

  return {
    consume({ user, group }, windows, cost = 1) {
      const time = now();
      const table = tableOf(group);
      const userKey = toUserKey(user);
      const log = table.get(userKey);
      const usages = windows.map((window) => usageOf(log, window, time));
      const decision = decide(usages, cost);
      if (decision.admitted && cost > 0) {
        const count = 1 + Math.max(...usages.map((usage) => usage.count));
        const capacity = Math.max(...windows.map((window) => window.max));
        table.charge(userKey, time, count, capacity);
      }
      table.sweep(time - Math.max(...windows.map((window) => window.windowMs)) * 1000);
      return decision;
    },

    get size() {
      let size = 0;
      for (const table of tables.values()) size += table.size;
      return size;
    },
  };
}

function usageOf(log: CallLog | undefined, window: RateLimitWindow, time: number): WindowUsage {
  const windowUs = window.windowMs * 1000;
  const count = log?.countAfter(time - windowUs) ?? 0;
  if (log === undefined || count === 0) return { window, count, freesInUs: windowUs };
  const leaving = log.at(Math.min(count, window.max) - 1);
  return { window, count, freesInUs: leaving + windowUs - time };
}

/** Long ids would break the memory bound; digests are longer than any id left as it is. */
function toUserKey(user: string): string {
  return user.length < digestLength ? user : digestUser(user);
}
