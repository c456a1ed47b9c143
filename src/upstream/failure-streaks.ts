import { LRUCache } from 'lru-cache';

/** Tells a context that fails by itself from an API that fails. */
export interface FailureStreaks {
  /** Ends the streak of `path`: the API answered for it. */
  answered(path: string): void;
  /** Adds a failure to the streak of `path`. */
  failed(path: string): void;
  /** Whether `path` fails again and again while others are answered. */
  failsAlone(path: string): boolean;
}

interface Streak {
  failures: number;
  /** What the count of answers was when the streak began. */
  readonly answersBefore: number;
}

/** One read tries three times, and one failed read is no habit. */
const habit = 3;
const maxPaths = 1_000;

/**
 * Counts the consecutive failures of each path. Those of one context, asked for again and again,
 * would otherwise outnumber everybody else's answers and speak against the whole API.
 */
export function createFailureStreaks(): FailureStreaks {
  const streaks = new LRUCache<string, Streak>({ max: maxPaths });
  let answers = 0;

  return {
    answered(path) {
      answers += 1;
      streaks.delete(path);
    },
    failed(path) {
      const streak = streaks.get(path);
      if (streak === undefined) streaks.set(path, { failures: 1, answersBefore: answers });
      else streak.failures += 1;
    },
    failsAlone(path) {
      const streak = streaks.get(path);
      return streak !== undefined && streak.failures > habit && answers > streak.answersBefore;
    },
  };
}
