/** The value below which a part of the values lies, by linear interpolation; NaN for none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A median with the range in which the middle 60 % of the values lie. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.2), high: quantile(values, 0.8) };
}

/** Each value as a multiple of the one at its place in `floor`. */
export function paired(values: readonly number[], floor: readonly number[]): number[] {
  return values.map((value, index) => value / (floor[index] ?? NaN));
}
