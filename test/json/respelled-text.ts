import fc from 'fast-check';

import { jsonText } from '../support/json-texts.ts';
import { isArray, readTree, type Tree } from './ordered-tree.ts';

export interface Respelled {
  readonly text: string;
  /** The same value in other white space, escapes and digits. */
  readonly spelling: string;
  /** That, with the members of its objects in another order. */
  readonly reordered: string;
}

export const respelledText: fc.Arbitrary<Respelled> = fc
  .tuple(jsonText, fc.array(fc.nat({ max: 99 }), { minLength: 8, maxLength: 40 }))
  .map(([text, choices]) => {
    const tree = readTree(text);
    return {
      text,
      spelling: new Speller(choices, false).spell(tree),
      reordered: new Speller(choices, true).spell(tree),
    };
  });

class Speller {
  readonly #choices: readonly number[];
  readonly #reorders: boolean;
  #chosen = 0;

  constructor(choices: readonly number[], reorders: boolean) {
    this.#choices = choices;
    this.#reorders = reorders;
  }

  spell(tree: Tree): string {
    const gap = this.#pick(['', ' ', '\n\t']);
    if (isArray(tree)) {
      return `[${gap}${tree.map((item) => this.spell(item)).join(`${gap},`)}${gap}]`;
    }
    if (typeof tree === 'string') return `${gap}${this.#scalar(tree)}${gap}`;
    const members = Array.from(
      tree,
      ([key, value]) => `${gap}${this.#string(key)}${gap}:${this.spell(value)}`,
    );
    if (this.#reorders && this.#choice() % 2 === 0) members.reverse();
    if (this.#reorders) members.push(...members.splice(0, this.#choice() % (members.length + 1)));
    return `{${members.join()}${gap}}`;
  }

  #scalar(token: string): string {
    if (token.startsWith('"')) return this.#string(token);
    return /^-?\d/.test(token) ? this.#number(token) : token;
  }

  #string(token: string): string {
    if (this.#choice() % 2 === 0) return token;
    const text = JSON.parse(token) as string;
    const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')}"`;
  }

  /** Of `0` or an integer with an exponent. */
  #number(token: string): string {
    const [, sign = '', digits = '', exponent = '0'] = /^(-?)(\d+)(?:e(-?\d+))?$/.exec(token) ?? [];
    const power = BigInt(exponent);
    if (digits === '0') return this.#pick(['0', '-0', '0.00', '-0.0e7', '0E+99999999999999999999']);
    const zeros = this.#choice() % 3;
    return this.#pick([
      token,
      `${sign}${digits}${'0'.repeat(zeros)}e${power - BigInt(zeros)}`,
      `${sign}${digits}.${'0'.repeat(zeros + 1)}E${power}`,
      `${sign}0.${'0'.repeat(zeros)}${digits}e+${power + BigInt(digits.length + zeros)}`.replace(
        '+-',
        '-',
      ),
      power >= 0n && power < 30n ? sign + digits + '0'.repeat(Number(power)) : token,
      power < 0n && -power < BigInt(digits.length)
        ? `${sign}${digits.slice(0, Number(power))}.${digits.slice(Number(power))}`
        : token,
    ]);
  }

  #pick(options: readonly string[]): string {
    return options[this.#choice() % options.length] ?? '';
  }

  #choice(): number {
    this.#chosen += 1;
    return this.#choices[this.#chosen % this.#choices.length] ?? 0;
  }
}
