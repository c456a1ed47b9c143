import { Counter, Histogram, type Registry } from 'prom-client';

/**
 * Counters and histograms whose series are objects with plain numbers: the code that counts holds the
 * series, or finds it by its labels, and adds to it. prom-client, which would hash the labels of each
 * observation, reads them only when it is scraped.
 */

type Labels = Readonly<Record<string, string>>;

interface FamilyOptions {
  readonly name: string;
  readonly help: string;
  readonly registry: Registry;
}

class CounterSeries {
  readonly labels: Labels;
  value = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }
}

/** All series of one counter. */
export class CounterFamily {
  readonly #series: CounterSeries[] = [];

  constructor({ name, help, registry }: FamilyOptions, labelNames: readonly string[]) {
    const series = this.#series;
    new Counter({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset();
        for (const { labels, value } of series) this.inc(labels, value);
      },
    });
  }

  /** A new series, to be asked for once for the same labels: see {@link ByLabel}. */
  series(labels: Labels): CounterSeries {
    const series = new CounterSeries(labels);
    this.#series.push(series);
    return series;
  }
}

/** In seconds: from an immediate refusal to beyond the default time-out of the upstream. */
const durationBuckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

class DurationSeries {
  readonly labels: Labels;
  /** Observations by the lowest bucket that contains them; larger ones are in no bucket. */
  readonly buckets: number[] = durationBuckets.map(() => 0);
  /** In seconds. */
  sum = 0;
  count = 0;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** Adds an observation, in milliseconds. */
  observe(durationMs: number): void {
    const seconds = durationMs / 1000;
    this.sum += seconds;
    this.count += 1;
    for (let i = 0; i < durationBuckets.length; i += 1) {
      if (seconds <= (durationBuckets[i] ?? 0)) {
        this.buckets[i] = (this.buckets[i] ?? 0) + 1;
        return;
      }
    }
  }
}

/** One line of a histogram's text, as prom-client passes it to its registry. */
interface HistogramValue {
  readonly metricName: string;
  /** The labels of this value alone, without those of its series. */
  readonly labels: { readonly le?: number | '+Inf' };
  readonly sharedLabels: Labels;
  readonly value: number;
}

/**
 * All series of one histogram of durations. prom-client's `collect` can add observations to a histogram,
 * but not set its sums, so this class overrides how the registry reads it.
 */
export class DurationFamily extends Histogram {
  readonly #options: FamilyOptions;
  readonly #series: DurationSeries[] = [];

  constructor(options: FamilyOptions, labelNames: readonly string[]) {
    const { name, help, registry } = options;
    super({ name, help, labelNames, buckets: durationBuckets, registers: [registry] });
    this.#options = options;
  }

  /** A new series, to be asked for once for the same labels: see {@link ByLabel}. */
  series(labels: Labels): DurationSeries {
    const series = new DurationSeries(labels);
    this.#series.push(series);
    return series;
  }

  /** Called by the registry and by `get` of the base class; not in prom-client's types. */
  async getForPromString() {
    const { name, help } = this.#options;
    const values = this.#series.flatMap((series) => valuesOf(name, series));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }
}

function valuesOf(name: string, { labels, buckets, sum, count }: DurationSeries): HistogramValue[] {
  let below = 0;
  const values: HistogramValue[] = durationBuckets.map((le, i) => {
    below += buckets[i] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le }, sharedLabels: labels, value: below };
  });
  values.push(
    { metricName: `${name}_bucket`, labels: { le: '+Inf' }, sharedLabels: labels, value: count },
    { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count },
  );
  return values;
}

/** One value for each label, created when the label is first used. */
export class ByLabel<Value> {
  readonly #values = new Map<string, Value>();
  readonly #make: (label: string) => Value;

  constructor(make: (label: string) => Value) {
    this.#make = make;
  }

  of(label: string): Value {
    const known = this.#values.get(label);
    if (known !== undefined) return known;
    const made = this.#make(label);
    this.#values.set(label, made);
    return made;
  }
}

/** The series of a counter with one label. */
export function counterBy(label: string, options: FamilyOptions): ByLabel<CounterSeries> {
  const family = new CounterFamily(options, [label]);
  return new ByLabel((value) => family.series({ [label]: value }));
}

type TwoLabels = readonly [first: string, second: string];

/** The series of a counter with two labels, by the first and then the second. */
export function counterByTwo(
  labels: TwoLabels,
  options: FamilyOptions,
): ByLabel<ByLabel<CounterSeries>> {
  return byTwo(labels, new CounterFamily(options, labels));
}

/** As {@link counterByTwo}, for a histogram of durations. */
export function durationByTwo(
  labels: TwoLabels,
  options: FamilyOptions,
): ByLabel<ByLabel<DurationSeries>> {
  return byTwo(labels, new DurationFamily(options, labels));
}

function byTwo<Series>(
  [first, second]: TwoLabels,
  family: { series(labels: Labels): Series },
): ByLabel<ByLabel<Series>> {
  return new ByLabel((one) => new ByLabel((two) => family.series({ [first]: one, [second]: two })));
}
