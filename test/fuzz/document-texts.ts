import fc from 'fast-check';
import {
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
} from 'graphql';

import { schema } from '../../src/gateway.ts';

/** Makes one choice of so many after the other. */
type Choose = (options: number) => number;

const maxDepth = 6;

const scalars: Readonly<Record<string, readonly string[]>> = {
  ID: ['"ctx_1"', '"ctx_none"', '1', '""', '".."', '9007199254740993', '"\\uD83D\\uDE00"'],
  Int: ['1', '0', '-1', '100', '2147483647'],
  Boolean: ['true', 'false'],
  String: ['"x"', '""', '"""block"""'],
  JSON: ['{ step: 1 }', '[1, 2.50, 1e400]', 'null', '"x"', '{ __proto__: { a: [] } }'],
  JSONObject: ['{ step: 1 }', '{ a: null, b: { c: [] } }', '{}'],
  _Any: ['{ __typename: "AiExecutionContext", id: "ctx_1" }', '{ id: 1 }', '7', '{}'],
};

/** A document that is valid against the schema, whatever the choices. */
function writeDocument(choose: Choose): string {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
  ] as const;
  const [keyword, root] = roots[choose(2)] ?? roots[0];
  if (!root) throw new TypeError(`The schema has no ${keyword}.`);
  let aliases = 0;

  function selection(type: GraphQLCompositeType, depth: number): string {
    const selected: string[] = [`a${(aliases += 1)}: __typename`];
    const fields = isUnionType(type) ? [] : Object.values(type.getFields());
    if (fields.length > 0) {
      for (let i = choose(4); i >= 0; i -= 1) {
        selected.push(field(fields[choose(fields.length)] ?? fields[0], depth));
      }
    }
    if (isAbstractType(type) && depth < maxDepth) {
      const members = schema.getPossibleTypes(type);
      const member = members[choose(members.length)];
      if (member) selected.push(`... on ${member.name} ${selection(member, depth + 1)}`);
    }
    return `{ ${selected.join(' ')} }`;
  }

  function field(definition: GraphQLField<unknown, unknown> | undefined, depth: number): string {
    if (definition === undefined) return '__typename';
    const { name, args } = definition;
    const type = getNamedType(definition.type);
    if (isCompositeType(type) && depth >= maxDepth) return `b${(aliases += 1)}: __typename`;
    const directive = ['', '', '', '@include(if: true)', '@skip(if: false)'][choose(5)] ?? '';
    const below = isCompositeType(type) ? selection(type, depth + 1) : '';
    return `c${(aliases += 1)}: ${name}${argumentsOf(args)} ${directive} ${below}`;
  }

  function argumentsOf(args: readonly GraphQLArgument[]): string {
    const written = inputs(args);
    return written === '' ? '' : `(${written})`;
  }

  function inputs(fields: readonly (GraphQLArgument | GraphQLInputField)[]): string {
    return fields
      .filter(({ type }) => isNonNullType(type) || choose(2) === 0)
      .map(({ name, type }) => `${name}: ${value(type)}`)
      .join(', ');
  }

  function value(type: GraphQLInputType): string {
    const nullable = getNullableType(type);
    if (isListType(nullable)) return `[${value(nullable.ofType)}]`;
    if (isInputObjectType(nullable)) return `{ ${inputs(Object.values(nullable.getFields()))} }`;
    if (isEnumType(nullable)) return nullable.getValues()[0]?.name ?? 'null';
    const texts = scalars[nullable.toString()] ?? ['null'];
    return texts[choose(texts.length)] ?? 'null';
  }

  return `${keyword} ${selection(root, 0)}`;
}

/** Valid documents. */
export const validDocument: fc.Arbitrary<string> = fc
  .array(fc.nat(), { minLength: 20, maxLength: 60 })
  .map((choices) => {
    let at = 0;
    return writeDocument((options) => (choices[at++ % choices.length] ?? 0) % options);
  });

const TOKEN = /"""[^]*?"""|"(?:\\.|[^"\\])*"|\.\.\.|[$@]?\w+|\S/g;

/** Tokens of the language, of the schema, and of neither. */
const anyToken: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...'! $ & ( ) ... : = @ [ ] { | }'.split(' ')),
  fc.constantFrom(
    'query',
    'mutation',
    'subscription',
    'fragment',
    'on',
    'type',
    'extend',
    'schema',
  ),
  fc.constantFrom('true', 'null', '$id', '$input', '@include', '@skip', '@defer', '@rateLimit'),
  fc.constantFrom(
    ...Object.values(schema.getTypeMap()).flatMap((type) =>
      isObjectType(type) ? [type.name, ...Object.keys(type.getFields())] : [type.name],
    ),
  ),
  fc.constantFrom(
    '"',
    '"""',
    '"\\u{110000}"',
    '"\\uD800"',
    '#',
    '\ufeff',
    '\u0000',
    '\u2028',
    '🙂',
  ),
  fc.constantFrom('-', '1e999', '01', '1.', '0x1', '99999999999999999999', '1'.repeat(400)),
  fc.constantFrom('{a'.repeat(200), '['.repeat(2_000), '{a:'.repeat(2_000), '...F '.repeat(100)),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

type Edit = readonly [kind: 'remove' | 'insert' | 'replace' | 'repeat', at: number, token: string];

const edit: fc.Arbitrary<Edit> = fc.tuple(
  fc.constantFrom('remove', 'insert', 'replace', 'repeat'),
  fc.nat(),
  anyToken,
);

function applyEdit(tokens: readonly string[], [kind, anywhere, token]: Edit): string[] {
  const at = anywhere % (tokens.length + 1);
  const removed = kind === 'remove' || kind === 'replace' ? 1 : 0;
  const here = tokens[at] ?? token;
  const inserted = { remove: [], insert: [token], replace: [token], repeat: [here, here] }[kind];
  return [...tokens.slice(0, at), ...inserted, ...tokens.slice(at + removed)];
}

/** Valid documents with some of their tokens removed, replaced or repeated. */
export const mutatedDocument: fc.Arbitrary<string> = fc
  .tuple(validDocument, fc.array(edit, { minLength: 1, maxLength: 6 }))
  .map(([document, edits]) => edits.reduce(applyEdit, document.match(TOKEN) ?? []).join(' '));

/** Tokens in any order. */
export const tokenSoup: fc.Arbitrary<string> = fc
  .array(anyToken, { maxLength: 40 })
  .map((tokens) => tokens.join(' '));
