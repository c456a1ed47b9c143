import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';
import { GraphQLJSONObject } from 'graphql-scalars';

import { ExactJson, exactJson } from '../../json/index.ts';
import { jsonFromLiteral } from './json-literal.ts';

/** A JSON object, as its text where a plain object would be distorted. */
export type JsonObject = ExactJson | Readonly<Record<string, unknown>>;

/** graphql-scalars' JSONObject, as lossless as `JsonScalar`. */
export const JsonObjectScalar = new GraphQLScalarType<JsonObject, JsonObject>({
  ...GraphQLJSONObject.toConfig(),
  description:
    'A JSON object, as [ECMA-404](http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf) ' +
    'specifies it. It leaves as it arrived: numbers keep all their digits, objects the order of their keys.',
  serialize: toJsonObject,
  parseValue: toJsonObject,
  parseLiteral(node, variables) {
    if (node.kind !== Kind.OBJECT) {
      throw new GraphQLError('JSONObject must be an object, such as { step: 3 }.', { nodes: node });
    }
    return toJsonObject(jsonFromLiteral(node, variables));
  },
  extensions: {
    ...GraphQLJSONObject.extensions,
    codegenScalarType: 'Record<string, unknown>',
  },
});

function toJsonObject(value: unknown): JsonObject {
  const exact = exactJson(value);
  if (isJsonObject(exact)) return exact;
  throw new GraphQLError(
    `JSONObject must be an object, such as {"step": 3}, not ${describe(exact)}.`,
  );
}

function isJsonObject(value: unknown): value is JsonObject {
  if (value instanceof ExactJson) return value.text.startsWith('{');
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (value instanceof ExactJson) return value.text.startsWith('[') ? 'an array' : 'a number';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
