import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLJSON, GraphQLJSONObject } from 'graphql-scalars';

import { jsonText, type JsonText } from '../../json/index.ts';
import { jsonFromLiteral } from './json-literal.ts';

/**
 * graphql-scalars' JSON, but lossless: resolvers receive and return the text of a value.
 *
 * Requires that variables are parsed by `parseJson` and results are written by `writeJson`.
 */
export const JsonScalar = new GraphQLScalarType<JsonText, JsonText>({
  ...GraphQLJSON.toConfig(),
  description:
    'Any JSON value, as [ECMA-404](http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf) ' +
    'specifies it. Values are preserved exactly: numbers keep all their digits, and objects the ' +
    'order of their keys. Pass a value as a variable, or write it as a GraphQL literal: `{ step: 3, tags: ["a"] }`.',
  serialize: jsonText,
  parseValue: jsonText,
  parseLiteral: jsonFromLiteral,
  extensions: { ...GraphQLJSON.extensions, codegenScalarType: 'unknown' },
});

/** graphql-scalars' JSONObject, as lossless as {@link JsonScalar}. */
export const JsonObjectScalar = new GraphQLScalarType<JsonText, JsonText>({
  ...GraphQLJSONObject.toConfig(),
  description:
    'A JSON object, as [ECMA-404](http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf) ' +
    'specifies it. Values are preserved exactly: numbers keep all their digits, and objects the order of their keys.',
  serialize: toJsonObject,
  parseValue: toJsonObject,
  parseLiteral(node, variables) {
    if (node.kind !== Kind.OBJECT) {
      throw new GraphQLError('JSONObject must be an object, such as { step: 3 }.', { nodes: node });
    }
    return jsonFromLiteral(node, variables);
  },
  extensions: { ...GraphQLJSONObject.extensions, codegenScalarType: 'Record<string, unknown>' },
});

function toJsonObject(value: unknown): JsonText {
  const json = jsonText(value);
  if (json.first === '{') return json;
  throw new GraphQLError(
    `JSONObject must be an object, such as {"step": 3}, not ${describe(json)}.`,
  );
}

function describe({ first }: JsonText): string {
  switch (first) {
    case '[':
      return 'an array';
    case '"':
      return 'a string';
    case 'n':
      return 'null';
    case 't':
    case 'f':
      return 'a boolean';
    default:
      return 'a number';
  }
}
