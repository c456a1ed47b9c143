/** One variable that stops the start, and what to do about it. */
export interface ConfigurationProblem {
  readonly variable: string;
  readonly message: string;
}

/** Thrown once, at start, with every problem there is: nobody should fix variables one by one. */
export class ConfigurationError extends Error {
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    const lines = problems.map(({ variable, message }) => `  ${variable}: ${message}`);
    super(`The gateway cannot start with this configuration:\n${lines.join('\n')}`);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads typed values out of environment variables and collects what is wrong with them instead of
 * throwing at the first. An empty or blank variable counts as unset, as it does in compose files.
 */
export class EnvironmentReader {
  readonly problems: ConfigurationProblem[] = [];
  readonly #environment: Environment;
  /** Every variable that was asked for. */
  readonly #known = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  text(variable: string): string | null {
    this.#known.add(variable);
    const value = this.#environment[variable]?.trim();
    return value === undefined || value === '' ? null : value;
  }

  integer(variable: string, fallback: number, min: number, max: number): number {
    const value = this.text(variable);
    if (value === null) return fallback;
    const number = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    this.reject(variable, `must be a whole number from ${min} to ${max}, not ${quote(value)}`);
    return fallback;
  }

  boolean(variable: string, fallback: boolean): boolean {
    return this.choice(variable, fallback ? 'true' : 'false', ['true', 'false']) === 'true';
  }

  choice<const T extends string>(variable: string, fallback: T, choices: readonly T[]): T {
    const value = this.text(variable);
    if (value === null) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    this.reject(variable, `must be one of ${choices.join(', ')}, not ${quote(value)}`);
    return fallback;
  }

  /** An absolute URL of one of `protocols`. Its text stays out of messages: URLs carry passwords. */
  url(variable: string, protocols: readonly string[]): URL | null {
    const value = this.text(variable);
    if (value === null) return null;
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url !== null && protocols.includes(url.protocol)) return url;
    this.reject(variable, `must be an absolute URL that starts with ${protocols.join('// or ')}//`);
    return null;
  }

  /**
   * Variables that are set, mean nothing, and are spelt nearly like one that was asked for. To be
   * called once all of them were.
   */
  misspelt(): { readonly variable: string; readonly meant: string }[] {
    const known = [...this.#known];
    return Object.keys(this.#environment).flatMap((variable) => {
      if (this.#known.has(variable)) return [];
      const meant = known.find((name) => isNearly(variable.toUpperCase(), name));
      return meant === undefined ? [] : [{ variable, meant }];
    });
  }

  reject(variable: string, message: string): void {
    this.problems.push({ variable, message });
  }
}

/** One slip of the pen in a short name, two in a long one: short names are too near to each other. */
function isNearly(written: string, name: string): boolean {
  const slips = name.length < 8 ? 1 : 2;
  return Math.abs(written.length - name.length) <= slips && editDistance(written, name) <= slips;
}

/**
 * How many letters are to be added, left out, replaced or swapped with the next (Damerau and
 * Levenshtein's optimal string alignment).
 */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const same = from[i - 1] === to[j - 1];
      const swapped = from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        i > 1 && j > 1 && swapped ? (beforeLast[j - 2] ?? 0) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
