import type { RateLimitWindow } from '../src/rate-limit/limit.ts';

/** A call that was admitted, at some moment between these two, in milliseconds. */
export interface Admission {
  readonly sentMs: number;
  /** When its write reached the API. */
  readonly arrivedMs: number;
}

/** A call that was refused, at some moment between these two, in milliseconds. */
export interface Refusal {
  readonly sentMs: number;
  readonly answeredMs: number;
}

/**
 * The most admissions that surely lie within one sliding window: each was sent no earlier than the
 * window's start and had reached the API before its end.
 */
export function mostWithin(
  admissions: readonly Admission[],
  { windowMs }: RateLimitWindow,
): number {
  const counts = admissions.map(
    ({ sentMs: startMs }) =>
      admissions.filter(
        ({ sentMs, arrivedMs }) => sentMs >= startMs && arrivedMs < startMs + windowMs,
      ).length,
  );
  return Math.max(0, ...counts);
}

/** The refusals at which no window can have been full, however the uncertain moments lie. */
export function needlessRefusals(
  refusals: readonly Refusal[],
  admissions: readonly Admission[],
  windows: readonly RateLimitWindow[],
): readonly Refusal[] {
  return refusals.filter((refusal) =>
    windows.every(({ windowMs, max }) => {
      const perhapsCounted = admissions.filter(
        ({ sentMs, arrivedMs }) =>
          arrivedMs > refusal.sentMs - windowMs && sentMs <= refusal.answeredMs,
      );
      return perhapsCounted.length < max;
    }),
  );
}
