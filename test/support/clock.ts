/** A clock that stands still until it is told to move, also backwards. */
export interface FrozenClock {
  readonly now: () => number;
  /** Moves time by `ms` milliseconds. */
  advance(ms: number): void;
}

export function createClock(startMs = Date.UTC(2025, 0, 1)): FrozenClock {
  let time = startMs;
  return {
    now: () => time,
    advance(ms) {
      time += ms;
    },
  };
}
