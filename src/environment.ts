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

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  text(variable: string): string | null {
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

  reject(variable: string, message: string): void {
    this.problems.push({ variable, message });
  }
}

function quote(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
