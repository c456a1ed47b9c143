import fc from 'fast-check';

const digits = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: 1, maxLength });

/** Texts of JSON numbers as RFC 8259 allows them, short and beyond what a double holds. */
export const numberText: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      fc.constant('0'),
      digits(25).map((number) => number.replace(/^0+/, '') || '7'),
    ),
    fc.option(digits(25), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-'), digits(4)), { nil: undefined }),
  )
  .map(
    ([sign, whole, fraction, exponent]) =>
      sign + whole + (fraction === undefined ? '' : `.${fraction}`) + (exponent?.join('') ?? ''),
  );

/** Code points, and halves of surrogate pairs, which JSON can hold as escapes. */
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        { weight: 9, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
        { weight: 1, arbitrary: fc.constantFrom('\ud800', '\udbff', '\udc00', '\udfff') },
      ),
      { maxLength },
    )
    .map((units) => units.join(''));

/** Keys that plain objects reorder or treat specially among ordinary ones. */
const key: fc.Arbitrary<string> = fc.oneof(
  text(6),
  fc.nat({ max: 12 }).map(String),
  fc.constantFrom('__proto__', 'constructor', 'toString', '4294967294', '4294967295', '01', ''),
);

const stringText = (value: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(value, fc.boolean()).map(([chars, escaped]) => (escaped ? escape(chars) : quote(chars)));

const quote = (chars: string) => JSON.stringify(chars);

/** Every code unit as an escape, lone surrogates included. */
const escape = (chars: string) =>
  `"${Array.from({ length: chars.length }, (_, i) => `\\u${chars.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;

const space = fc.constantFrom('', '', '', ' ', '\n\t', '\r ');

/** Valid JSON texts: any number, key, escape, whitespace; no two members with the same key. */
export const jsonText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    numberText,
    stringText(text(10)),
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

/** A JSON value, and the GraphQL literal that stands for it. */
export interface LiteralText {
  readonly json: string;
  readonly literal: string;
}

/** Keys that GraphQL can write in a literal: names. */
const nameKey: fc.Arbitrary<string> = fc.oneof(
  fc.stringMatching(/^[_A-Za-z]\w{0,4}$/),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'null', 'true'),
);

const both = (written: string): LiteralText => ({ json: written, literal: written });

/** What a GraphQL literal can say: whole characters in strings, names as keys. */
export const literalText: fc.Arbitrary<LiteralText> = fc.letrec<{ value: LiteralText }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    numberText.map(both),
    stringText(fc.string({ unit: 'binary' }).filter((chars) => !/[\ud800-\udfff]/.test(chars))).map(
      both,
    ),
    fc.constantFrom('true', 'false', 'null').map(both),
    fc.array(tie('value'), { maxLength: 5 }).map((items) => ({
      json: `[${items.map(({ json }) => json).join()}]`,
      literal: `[${items.map(({ literal }) => literal).join(' ')}]`,
    })),
    fc
      .uniqueArray(fc.tuple(nameKey, tie('value')), { maxLength: 6, selector: ([name]) => name })
      .map((members) => ({
        json: `{${members.map(([name, { json }]) => `${quote(name)}:${json}`).join()}}`,
        literal: `{${members.map(([name, { literal }]) => `${name}:${literal}`).join(' ')}}`,
      })),
  ),
})).value;

/** JSON that nests exactly `levels` deep, in arrays and objects, with neighbours on the way. */
export function nestedText(levels: number): fc.Arbitrary<LiteralText> {
  return fc
    .array(fc.constantFrom('array', 'object', 'later item', 'later member'), {
      minLength: levels - 1,
      maxLength: levels - 1,
    })
    .map((shapes) => shapes.reduce(wrap, both('[]')));
}

function wrap({ json, literal }: LiteralText, shape: string): LiteralText {
  switch (shape) {
    case 'array':
      return { json: `[${json}]`, literal: `[${literal}]` };
    case 'object':
      return { json: `{"a":${json}}`, literal: `{a:${literal}}` };
    case 'later item':
      return { json: `[1e400,${json},{}]`, literal: `[1e400 ${literal} {}]` };
    default:
      return { json: `{"b":"x","a":${json}}`, literal: `{b:"x" a:${literal}}` };
  }
}
