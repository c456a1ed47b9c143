/** A variable that prevents the start, and how to correct it. */
export interface ConfigurationProblem {
  readonly variable: string;
  readonly message: string;
}

/** Thrown at the start, with the problems of all variables, so that they can be corrected at once. */
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
 * Reads typed values from environment variables, and collects problems instead of throwing at the first
 * one. An empty or blank variable counts as unset, as in compose files.
 */
export class EnvironmentReader {
  readonly problems: ConfigurationProblem[] = [];
  readonly #environment: Environment;
  /** Every variable that was read. */
  readonly #known = new Set<string>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** The trimmed value; `null` where it is unset. */
  text(variable: string): string | null {
    this.#known.add(variable);
    const value = this.#environment[variable]?.trim();
    return value === undefined || value === '' ? null : value;
  }

  /** A whole number from `min` to `max`; `fallback` where it is unset or invalid. */
  integer(variable: string, fallback: number, min: number, max: number): number {
    const value = this.text(variable);
    if (value === null) return fallback;
    const number = /^\d{1,16}$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    this.reject(variable, `must be a whole number from ${min} to ${max}, not ${quote(value)}`);
    return fallback;
  }

  /** `true` or `false`; `fallback` where it is unset or invalid. */
  boolean(variable: string, fallback: boolean): boolean {
    return this.choice(variable, fallback ? 'true' : 'false', ['true', 'false']) === 'true';
  }

  /** One of `choices`; `fallback` where it is unset or invalid. */
  choice<const T extends string>(variable: string, fallback: T, choices: readonly T[]): T {
    const value = this.text(variable);
    if (value === null) return fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    this.reject(variable, `must be one of ${choices.join(', ')}, not ${quote(value)}`);
    return fallback;
  }

  /**
   * An absolute URL with one of `protocols`, such as `https:`; `null` where it is unset or invalid. It is
   * not repeated in messages, because URLs may contain passwords.
   */
  url(variable: string, protocols: readonly string[]): URL | null {
    const value = this.text(variable);
    if (value === null) return null;
    const url = URL.canParse(value) ? new URL(value) : null;
    if (url !== null && protocols.includes(url.protocol)) return url;
    this.reject(variable, `must be an absolute URL that starts with ${protocols.join('// or ')}//`);
    return null;
  }

  /**
   * Variables that are set but unknown, and whose names are nearly those of a known one. To be called
   * after all variables were read.
   */
  misspelt(): { readonly variable: string; readonly meant: string }[] {
    const known = [...this.#known];
    return Object.keys(this.#environment).flatMap((variable) => {
      if (this.#known.has(variable)) return [];
      const meant = known.find((name) => isNearly(variable.toUpperCase(), name));
      return meant === undefined ? [] : [{ variable, meant }];
    });
  }

  /** @param message - What the variable must be, such as `must be set`: it follows the name. */
  reject(variable: string, message: string): void {
    this.problems.push({ variable, message });
  }
}

/** One mistake counts as near in a short name, two in a long one: short names are more alike. */
function isNearly(written: string, name: string): boolean {
  const slips = name.length < 8 ? 1 : 2;
  return Math.abs(written.length - name.length) <= slips && editDistance(written, name) <= slips;
}

/**
 * The number of characters to be added, removed, replaced or swapped with the next one (optimal string
 * alignment distance, after Damerau and Levenshtein).
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
