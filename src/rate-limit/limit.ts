import ms, { type StringValue } from 'ms';

/** The longest window a rule may have: 24 hours, in milliseconds. */
const maxWindowMs = 86_400_000;

/** A limit as it is written in the schema, in graphql-rate-limit's vocabulary. */
export interface RateLimitRule {
  /** Length of the sliding window as the `ms` package reads it: `'60s'`, `'1 minute'`, `'500ms'`. */
  readonly window: string;
  /** Calls admitted in any window of that length. */
  readonly max: number;
}

/** The rules of a group of fields that share one count. */
export interface RateLimitRules {
  readonly group: string;
  readonly limits: readonly RateLimitRule[];
}

/** A rule, ready to be counted. */
export interface RateLimitWindow {
  /** What the `RateLimit` headers call it: `burst` (1 s), `minute` (60 s), else the rule's own text. */
  readonly name: string;
  readonly windowMs: number;
  readonly max: number;
}

/** The limit of a group, ready to be counted: created once, and the same object in all its calls. */
export interface Limit {
  readonly group: string;
  readonly windows: readonly RateLimitWindow[];
  /** The `RateLimit-Policy` header that describes it. */
  readonly policy: string;
}

const policyNames: ReadonlyMap<number, string> = new Map([
  [1_000, 'burst'],
  [60_000, 'minute'],
]);

/**
 * Reads the rules of one group, when the schema is built. The result is frozen.
 *
 * @throws {RangeError} When there is no rule, a window is not a whole number of milliseconds from 1 ms
 *   to 24 hours, a `max` is not a positive integer, or two windows have the same length.
 */
export function parseLimit({ group, limits }: RateLimitRules): Limit {
  if (limits.length === 0) {
    throw new RangeError(
      'A rate limit needs at least one rule, such as { window: "60s", max: 50 }.',
    );
  }
  const windows = limits.map(parseRule);
  const lengths = new Set<number>();
  for (const { windowMs } of windows) {
    if (lengths.has(windowMs)) {
      throw new RangeError(`Two rate limits have a window of ${windowMs} ms: keep the lower one.`);
    }
    lengths.add(windowMs);
  }
  return Object.freeze({
    group,
    windows: Object.freeze(windows),
    policy: windows.map(policyItem).join(', '),
  });
}

/**
 * A window as an item of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11, section 3).
 * `w` is in whole seconds: it is left out for other windows, which the draft cannot express.
 */
function policyItem({ name, max, windowMs }: RateLimitWindow): string {
  const quota = `"${name}";q=${max}`;
  return windowMs % 1000 === 0 ? `${quota};w=${windowMs / 1000}` : quota;
}

function parseRule({ window, max }: RateLimitRule): RateLimitWindow {
  const windowMs = window === '' ? undefined : readDuration(window);
  if (windowMs === undefined || !isIntegerWithin(windowMs, 1, maxWindowMs)) {
    throw new RangeError(
      `Rate limit window ${JSON.stringify(window)} must be a duration from 1ms to 24h in whole ` +
        'milliseconds, such as "60s".',
    );
  }
  if (!isIntegerWithin(max, 1, Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(`Rate limit max ${max} (window "${window}") must be a positive integer.`);
  }
  return Object.freeze({ name: policyNames.get(windowMs) ?? window, windowMs, max });
}

/** The types of `ms` accept only literals that are durations; at run time it returns undefined for others. */
function readDuration(text: string): number | undefined {
  return ms(text as StringValue);
}

function isIntegerWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
