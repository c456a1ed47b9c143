import fc, { type GeneratorValue } from 'fast-check';

import { jsonText, literalText } from '../support/json-texts.ts';

/** Unlike fast-check's own choice, which prefers the ends. */
function evenly(bound: number): fc.Arbitrary<number> {
  return fc.noBias(fc.nat({ max: bound - 1 }));
}

/** Choices, one after the other. */
export class Draw {
  readonly #generator: GeneratorValue;

  constructor(generator: GeneratorValue) {
    this.#generator = generator;
  }

  /** From 0 to one less than `bound`. */
  below(bound: number): number {
    return this.#generator(evenly, bound);
  }

  /** True that many times in a hundred. */
  chance(percent: number): boolean {
    // Shrinking makes numbers small: what is unusual has to be large.
    return this.below(100) >= 100 - percent;
  }

  of<Value>(values: readonly Value[]): Value {
    return values[this.below(values.length)] as Value;
  }

  /** The first in most cases, which are the ordinary ones. */
  rarely<Value>(percent: number, usual: Value, ...others: readonly Value[]): Value {
    return this.chance(percent) ? this.of(others) : usual;
  }

  json(): string {
    return this.#generator(() => jsonText);
  }

  literal(): string {
    return this.#generator(() => literalText).literal;
  }
}
