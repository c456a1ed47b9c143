/**
 * An identifier that was sent as a JSON number beyond 2^53 - 1. Most JSON libraries round such numbers,
 * so it may not be the identifier that the sender meant.
 *
 * It takes the place of a string but cannot be converted to one: template literals, concatenation,
 * encodeURIComponent and JSON.stringify throw.
 */
export class UnsafeNumber {
  /** The digits as received, for messages only. */
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
    throw new TypeError('An id that was sent as a number beyond 2^53 - 1 must not be used.');
  }
}
