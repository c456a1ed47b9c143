import { GraphQLScalarType } from 'graphql';
import { GraphQLJSON } from 'graphql-scalars';

import { exactJson } from '../../json/index.ts';
import { jsonFromLiteral } from './json-literal.ts';

/**
 * graphql-scalars' JSON, but lossless. What a resolver gets, and may return, is a plain value or,
 * where a plain one would be distorted, an `ExactJson`, alone or within a plain value.
 *
 * Variables and results must have been parsed by `parseJson`, and be written by `stringifyJson`.
 */
export const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  ...GraphQLJSON.toConfig(),
  description:
    'Any JSON value, as [ECMA-404](http://www.ecma-international.org/publications/files/ECMA-ST/ECMA-404.pdf) ' +
    'specifies it. It leaves as it arrived: numbers keep all their digits, objects the order of ' +
    'their keys. Pass it as a variable, or write it as a GraphQL literal: `{ step: 3, tags: ["a"] }`.',
  serialize: exactJson,
  parseValue: exactJson,
  parseLiteral: jsonFromLiteral,
  extensions: { ...GraphQLJSON.extensions, codegenScalarType: 'unknown' },
});
