import { createHash } from 'node:crypto';

import type { Limit, RateLimitWindow } from './limit.ts';

/** The calls that are counted together. */
export interface RateLimitKey {
  /** The user's id: any text, compared by code unit. */
  readonly user: string;
  /** The group of fields that share a limit, such as `update`. */
  readonly group: string;
}

/** What a call is charged: 1, or 0 only to read the windows, which is always admitted. */
export type CallCost = 0 | 1;

/** One window after a decision. */
export interface RateLimitWindowState {
  readonly window: RateLimitWindow;
  /** Calls it still admits now. */
  readonly remaining: number;
  /**
   * Milliseconds, rounded up, until it admits one call more than `remaining`, because the oldest
   * counted call leaves the window. The length of the window when nothing is counted.
   */
  readonly resetMs: number;
}

export interface RateLimitDecision {
  readonly admitted: boolean;
  /**
   * Milliseconds, rounded up, after which the same call is admitted if nothing else is charged
   * meanwhile; 0 when admitted. When several windows refuse, the longest of their waits.
   */
  readonly retryAfterMs: number;
  /** The window with that wait; `null` when admitted, or when the call could not be counted. */
  readonly refusedBy: RateLimitWindow | null;
  /** Every window of the call, in its order. */
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
  /**
   * Decides one call, and charges it where it is admitted.
   *
   * @param cost - @default 1
   */
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): RateLimitDecision | Promise<RateLimitDecision>;
}

/** A store in this process: it decides at once, and cannot be unavailable. */
export interface ImmediateRateLimitStore extends RateLimitStore {
  consume(
    key: RateLimitKey,
    windows: readonly RateLimitWindow[],
    cost?: CallCost,
  ): RateLimitDecision;
  /** As `consume`, without an object for each call. */
  decide(user: string, limit: Limit, cost: CallCost): RateLimitDecision;
}

/** The length of every digest, in characters. */
export const digestLength = 43;

/**
 * Turns a user id into a key of fixed length and harmless characters. Ids are arbitrary text: they may
 * contain characters with a meaning in a store's keys (`{`, `}`, `:`) or be very long. They are hashed
 * by UTF-16 code unit, because UTF-8 encodes all lone surrogates alike.
 */
export function digestUser(user: string): string {
  return createHash('sha256').update(user, 'utf16le').digest('base64url');
}
