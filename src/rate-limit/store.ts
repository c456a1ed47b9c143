import type { RateLimitWindow } from './limit.ts';

/** Whose calls are counted together. */
export interface RateLimitKey {
  /** The user's id: any text at all, counted by code unit. */
  readonly user: string;
  /** The group of fields that share a limit, such as `update`. */
  readonly group: string;
}

/** What a call is charged: 1, or 0 to look only, which is always admitted. */
export type CallCost = 0 | 1;

/** One window after a decision. */
export interface RateLimitWindowState {
  readonly window: RateLimitWindow;
  /** Calls it still admits now. */
  readonly remaining: number;
  /**
   * Milliseconds, rounded up, until it admits one more than `remaining`: the oldest counted call
   * leaves the window. The whole window when nothing is counted.
   */
  readonly resetMs: number;
}

export interface RateLimitDecision {
  readonly admitted: boolean;
  /**
   * Milliseconds, rounded up, after which the same call is admitted if nothing else is charged
   * meanwhile; 0 when admitted. When several windows refuse, the longest wait of them.
   */
  readonly retryAfterMs: number;
  /** The window with that wait; null when admitted, or when nobody could count. */
  readonly refusedBy: RateLimitWindow | null;
  /** Every window asked about, in the order asked. */
  readonly windows: readonly RateLimitWindowState[];
}

/**
 * Counts calls on a sliding log: a window of `windowMs` with `max` admits a call at time `t` when
 * fewer than `max` calls were admitted in `(t - windowMs, t]`. All windows of a call are decided at
 * once and atomically, and a call that any of them refuses is charged to none.
 *
 * Windows are one or more, and the same in all calls of a group: a store keeps only what those need.
 */
export interface RateLimitStore {
  /** @param cost @default 1 */
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): RateLimitDecision | Promise<RateLimitDecision>;
}

/** A store in another process, which can be out of reach. */
export interface RemoteStore extends RateLimitStore {
  /** Rejects when the store did not answer in time or cannot count. */
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): Promise<RateLimitDecision>;
  /** Connects where needed, and counts a call of nobody. Rejects as `consume` does. */
  probe(): Promise<void>;
  close(): void;
}
