import fc from 'fast-check';

const digits = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength });

/** Texts of JSON numbers as RFC 8259 allows them, short and beyond what a double holds. */
export const numberText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      fc.constant('0'),
      digits(25).map((text) => text.replace(/^0+/, '') || '7'),
    ),
    fc.option(digits(25), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-'), digits(4)), { nil: undefined }),
  )
  .map(
    ([sign, whole, fraction, exponent]) =>
      sign + whole + (fraction === undefined ? '' : `.${fraction}`) + (exponent?.join('') ?? ''),
  );

/** Keys that plain objects reorder or treat specially among ordinary ones. */
const key: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.nat({ max: 12 }).map(String),
  fc.constantFrom('__proto__', 'constructor', 'toString', '4294967294', '4294967295', '01', ''),
);

const stringText = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(value, fc.boolean()).map(([text, escaped]) => (escaped ? escape(text) : quote(text)));

const quote = (text: string) => JSON.stringify(text);

/** Every code unit as an escape, lone surrogates included. */
const escape = (text: string) =>
  `"${Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;

const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r ');

/** Valid JSON texts: any number, key, escape, whitespace; no two members with the same key. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    numberText,
    stringText(fc.string({ unit: 'binary' })),
    fc.constantFrom('true', 'false', 'null'),
    fc
      .tuple(space, fc.array(tie('value'), { maxLength: 5 }))
      .map(([gap, items]) => `[${gap}${items.join(`${gap},${gap}`)}]`),
    fc
      .tuple(
        space,
        fc.uniqueArray(fc.tuple(key, fc.boolean(), tie('value')), {
          maxLength: 6,
          selector: ([name]) => name,
        }),
      )
      .map(
        ([gap, members]) =>
          `{${gap}${members
            .map(
              ([name, escaped, value]) =>
                `${escaped ? escape(name) : quote(name)}${gap}:${gap}${value}`,
            )
            .join(`,${gap}`)}${gap}}`,
      ),
  ),
})).value;
