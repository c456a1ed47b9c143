/**
 * An identifier that came as a JSON number beyond 2^53 - 1: most senders and receivers have rounded
 * it, so it cannot be trusted to be the one that was meant.
 *
 * It stands where a string is expected, and refuses to become one: template literals,
 * concatenation, encodeURIComponent and JSON.stringify all throw.
 */
export class UnsafeNumber {
  /** The digits that arrived, for messages only. */
  readonly digits: string;

  constructor(digits: string) {
    this.digits = digits;
  }

  [Symbol.toPrimitive](): never {
    return this.#refuse();
  }

  toString(): never {
    return this.#refuse();
  }

  toJSON(): never {
    return this.#refuse();
  }

  #refuse(): never {
    throw new TypeError('An id that came as a number beyond 2^53 - 1 must not be used.');
  }
}
