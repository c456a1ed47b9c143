/** A number with more digits than JavaScript's own keep: as it was written. */
export class LongNumber {
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }
}

/** So many digits every `number` keeps. */
const digitsKept = 15;

/**
 * A reviver for `JSON.parse` that keeps the digits of numbers. Browsers that do not tell a reviver
 * what was written ({@link https://tc39.es/proposal-json-parse-with-source/}) round them as ever.
 */
export function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const written = context?.source;
  if (typeof value !== 'number' || written === undefined || written === String(value)) return value;
  const digits = written.replace(/e.*$/i, '').replace(/[-.]/g, '').replace(/^0+/, '');
  return digits.length > digitsKept ? new LongNumber(written) : value;
}
