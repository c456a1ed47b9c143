import { GraphQLError, GraphQLScalarType, Kind, print } from 'graphql';
import { GraphQLDateTime } from 'graphql-scalars';

import { isRfc3339DateTime } from '../../json/index.ts';

/**
 * graphql-scalars' DateTime, except that the text is kept as it is, with its offset and all fractional
 * digits. A JavaScript Date would reduce it to UTC milliseconds.
 */
export const DateTimeScalar = new GraphQLScalarType<string, string>({
  ...GraphQLDateTime.toConfig(),
  description:
    'A date and time as [RFC 3339, section 5.6](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) ' +
    'specifies it, such as `2007-12-03T10:15:30Z`, with any offset and any number of fractional digits.',
  /** The format was checked when the text arrived from the API. */
  serialize(value) {
    if (typeof value === 'string') return value;
    throw new GraphQLError(`DateTime must be a string, not a ${typeof value}.`);
  },
  parseValue(value) {
    if (typeof value === 'string' && isRfc3339DateTime(value)) return value;
    throw new GraphQLError(`DateTime must be ${expected}.`);
  },
  parseLiteral(node) {
    if (node.kind === Kind.STRING && isRfc3339DateTime(node.value)) return node.value;
    throw new GraphQLError(`DateTime must be ${expected}, not ${print(node)}.`, { nodes: node });
  },
  extensions: { ...GraphQLDateTime.extensions, codegenScalarType: 'string' },
});

const expected = 'an RFC 3339 date-time in a string, such as "2007-12-03T10:15:30Z"';
