import { createHash } from 'node:crypto';

import {
  ask,
  create,
  list,
  post,
  read,
  readOne,
  strict,
  update,
  type TwoWaysCase,
} from './cases.ts';

/** Body texts that say the same as {@link readOne} or nearly so. */
const query = JSON.stringify(read);
const contextOf = (value: string) =>
  post(
    `{"query":${JSON.stringify(update)},"variables":{"id":"ctx_1","input":{"context":${value}}}}`,
  );
const idOf = (value: string) => post(`{"query":${query},"variables":{"id":${value}}}`);
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const hash = createHash('sha256').update(read).digest('hex');
const persisted = (sha256Hash: string, version: unknown = 1) => ({
  persistedQuery: { version, sha256Hash },
});
const byHash = { variables: { id: 'ctx_1' }, extensions: persisted(hash) };

export const bodies: readonly TwoWaysCase[] = [
  [
    'white space everywhere',
    'plan',
    post(`\r\n\t {\n"query"\t:\r${query} , "variables" : {\n "id" :\t"ctx_1" \n} \t} \n`),
  ],
  ['the variables first', 'plan', post(`{"variables":{"id":"ctx_1"},"query":${query}}`)],
  ['the variables first, and wrong', 'yoga', post(`{"variables":{"id":[]},"query":${query}}`)],
  [
    'the query in escapes',
    'plan',
    post(`{"query":"${escapeAll(read)}","variables":{"id":"ctx_1"}}`),
  ],
  [
    'the query with escaped slashes',
    'plan',
    post('{"query":"{ executionContext(id: \\"a\\/b\\") { __typename } }"}'),
  ],
  [
    'characters beyond ASCII as they are',
    'plan',
    post(
      '{"query":"# é☕\\n{ executionContext(id: \\"ctx_é☕\\") { ... on ExecutionContextNotFoundError { executionContextId } } }"}',
    ),
  ],
  [
    'the same in escapes',
    'plan',
    post(
      '{"query":"# \\u00e9\\u2615\\n{ executionContext(id: \\"ctx_\\u00E9\\u2615\\") { ... on ExecutionContextNotFoundError { executionContextId } } }"}',
    ),
  ],
  [
    'a lone surrogate in a comment',
    'yoga',
    post('{"query":"# \\ud800\\n{ executionContext(id: \\"ctx_1\\") { __typename } }"}'),
  ],
  [
    'an escape in the key of the query',
    'yoga',
    post(`{"qu\\u0065ry":${query},"variables":{"id":"ctx_1"}}`),
  ],
  [
    'an escape in the key of the variables',
    'yoga',
    post(`{"query":${query},"vari\\u0061bles":{"id":"ctx_1"}}`),
  ],
  [
    'an escape in the key of a variable',
    'plan',
    post(`{"query":${query},"variables":{"\\u0069d":"ctx_1"}}`),
  ],
  [
    'an escape in the key of a field',
    'plan',
    post(
      `{"query":${JSON.stringify(update)},"variables":{"id":"ctx_1","input":{"c\\u006fntext":1}}}`,
    ),
  ],
  ['an escape in a variable', 'plan', idOf('"ctx\\u005f1"')],
  [
    'two queries',
    'yoga',
    post(`{"query":"{ __typename }","query":${query},"variables":{"id":"ctx_1"}}`),
  ],
  [
    'one query twice',
    'yoga',
    post(`{"query":${query},"query":${query},"variables":{"id":"ctx_1"}}`),
  ],
  [
    'wrong variables, then right ones',
    'plan',
    post(`{"query":${query},"variables":{"id":{}},"variables":{"id":"ctx_1"}}`),
  ],
  [
    'right variables, then wrong ones',
    'yoga',
    post(`{"query":${query},"variables":{"id":"ctx_1"},"variables":{"id":{}}}`),
  ],
  [
    'right variables, then none',
    'yoga',
    post(`{"query":${query},"variables":{"id":"ctx_1"},"variables":null}`),
  ],
  [
    'one variable twice',
    'plan',
    post(`{"query":${query},"variables":{"id":"ctx_2","id":"ctx_1"}}`),
  ],
  [
    'one variable twice, first wrong',
    'plan',
    post(`{"query":${query},"variables":{"id":[],"id":"ctx_1"}}`),
  ],
  [
    'one variable twice, then wrong',
    'yoga',
    post(`{"query":${query},"variables":{"id":"ctx_1","id":[]}}`),
  ],
  [
    'one field twice',
    'plan',
    post(
      `{"query":${JSON.stringify(update)},"variables":{"id":"ctx_1","input":{"context":1,"sessionId":"s","context":{"a":1,"a":2}}}}`,
    ),
  ],
  ['a variable nobody declared', 'plan', ask(read, { id: 'ctx_1', other: { deep: [1] } })],
  [
    'a field that the input does not have',
    'yoga',
    ask(update, { id: 'ctx_1', input: { context: 1, other: 1 } }),
  ],
  [
    'a field named __proto__',
    'yoga',
    post(
      `{"query":${JSON.stringify(update)},"variables":{"id":"ctx_1","input":{"context":1,"__proto__":{}}}}`,
    ),
  ],
  ['a missing variable', 'yoga', ask(read)],
  ['a missing variable, strictly', 'yoga', { ...ask(read, {}), headers: strict }],
  ['a variable that is null', 'yoga', ask(read, { id: null })],
  ['a variable of the wrong type', 'yoga', ask(read, { id: { a: 1 } })],
  ['a variable of the wrong type, strictly', 'yoga', { ...ask(read, { id: [] }), headers: strict }],
  ['several wrong variables', 'yoga', ask(list, { page: 1.5, perPage: '20', agentId: true })],
  ['a field of the input that is null', 'yoga', ask(create, { input: { agentId: null } })],
  ['a field of the input that is missing', 'yoga', ask(create, { input: {} })],
  ['an input that is a list', 'yoga', ask(update, { id: 'ctx_1', input: [] })],
  ['an input that is text', 'yoga', ask(update, { id: 'ctx_1', input: 'x' })],
  ['variables that are a list', 'yoga', post(`{"query":${query},"variables":[]}`)],
  ['variables that are a number', 'yoga', post('{"query": "{ __typename }", "variables": 1}')],
  ['variables that are too large a number', 'yoga', post(`{"query":${query},"variables":1e400}`)],
  [
    'no variables where none are needed',
    'plan',
    post('{"query":"{ executionContext(id: \\"ctx_1\\") { __typename } }","variables":null}'),
  ],
  ['a number for an id', 'plan', idOf('17')],
  ['a number beyond 2^53 for an id', 'plan', idOf('9007199254740993')],
  ['a number that no double holds for an id', 'plan', idOf('1e400')],
  ['-0 for an id', 'plan', idOf('-0')],
  ['1.0 for an id', 'plan', idOf('1.0')],
  ['1.5 for an id', 'yoga', idOf('1.5')],
  ['true for an id', 'yoga', idOf('true')],
  [
    'integers written in other ways',
    'plan',
    post(`{"query":${JSON.stringify(list)},"variables":{"page":1.0,"perPage":2e0}}`),
  ],
  ['-0 for an integer', 'plan', post(`{"query":${JSON.stringify(list)},"variables":{"page":-0}}`)],
  ['an integer of ten digits', 'plan', ask(list, { page: 2147483647 })],
  ['an integer beyond 32 bits', 'yoga', ask(list, { page: 2147483648 })],
  ['1.50 for JSON', 'plan', contextOf('1.50')],
  ['1e400 for JSON', 'plan', contextOf('1e400')],
  ['a number beyond 2^53 for JSON', 'plan', contextOf('-9007199254740993')],
  ['text for JSON', 'plan', contextOf('"\\u00e9\\ud800\\/☕"')],
  ['true for JSON', 'plan', contextOf('true')],
  ['null for JSON', 'plan', contextOf('null')],
  [
    'an object as it was written',
    'plan',
    contextOf(
      '{ "b" : [ 1.50 , 1E+5,9007199254740993 ] ,\n"10":1,"2":{"__proto__":{}}, "b":2 ,"\\u0061":"\\ud83d"}',
    ),
  ],
  ['128 levels', 'plan', contextOf(nested(128))],
  ['129 levels', 'plan', contextOf(nested(129))],
  ['20,000 levels', 'plan', contextOf(nested(20_000))],
  [
    '20,000 levels of objects in a variable nobody declared',
    'plan',
    post(
      `{"query":${query},"variables":{"id":"ctx_1","x":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}`,
    ),
  ],
  [
    'the wrong name of the operation',
    'yoga',
    ask(read, { id: 'ctx_1' }, { operationName: 'Other' }),
  ],
  [
    'a name of the operation in escapes',
    'plan',
    post(`{"query":${query},"variables":{"id":"ctx_1"},"operationName":"\\u0052ead"}`),
  ],
  ['no name of the operation', 'plan', ask(read, { id: 'ctx_1' }, { operationName: null })],
  ['an empty name of the operation', 'yoga', ask(read, { id: 'ctx_1' }, { operationName: '' })],
  [
    'a name of the operation that is a number',
    'yoga',
    ask(read, { id: 'ctx_1' }, { operationName: 1 }),
  ],
  [
    'a name for an operation without one',
    'yoga',
    ask('{ executionContext(id: "ctx_1") { __typename } }', undefined, { operationName: 'A' }),
  ],
  [
    'two names of the operation',
    'plan',
    post(
      `{"operationName":"Other","query":${query},"variables":{"id":"ctx_1"},"operationName":"Read"}`,
    ),
  ],
  [
    'an unknown operation, where there is one',
    'yoga',
    ask('query A { __typename }', undefined, { operationName: 'B' }),
  ],
  ['an unknown parameter', 'yoga', ask(read, { id: 'ctx_1' }, { doc: '1' })],
  [
    'an unknown parameter that is null',
    'plan',
    ask(read, { id: 'ctx_1' }, { doc: null, constructor: null }),
  ],
  [
    'a parameter named __proto__',
    'yoga',
    post(`{"query":${query},"variables":{"id":"ctx_1"},"__proto__":{"a":1}}`),
  ],
  ['extensions that say nothing', 'plan', ask(read, { id: 'ctx_1' }, { extensions: {} })],
  ['extensions that are null', 'plan', ask(read, { id: 'ctx_1' }, { extensions: null })],
  ['extensions nobody knows', 'plan', ask(read, { id: 'ctx_1' }, { extensions: { trace: [1] } })],
  ['extensions that are a list', 'yoga', ask(read, { id: 'ctx_1' }, { extensions: [] })],
  ['the hash of the text', 'plan', ask(read, { id: 'ctx_1' }, { extensions: persisted(hash) })],
  ['the hash alone', 'plan', post(JSON.stringify(byHash))],
  [
    'the hash in capitals',
    'yoga',
    post(JSON.stringify({ ...byHash, extensions: persisted(hash.toUpperCase()) })),
  ],
  [
    'the hash of another version',
    'yoga',
    post(JSON.stringify({ ...byHash, extensions: persisted(hash, 2) })),
  ],
  [
    'the hash and another text',
    'yoga',
    ask(`${read} `, { id: 'ctx_1' }, { extensions: persisted(hash) }),
  ],
  [
    'the hash and another text that is known',
    'yoga',
    ask(update, { id: 'ctx_1', input: {} }, { extensions: persisted(hash) }),
  ],
  ['a hash nobody knows', 'yoga', post(JSON.stringify({ extensions: persisted('0'.repeat(64)) }))],
  [
    'a hash, and extensions without one',
    'yoga',
    post(
      `{"variables":{"id":"ctx_1"},"extensions":${JSON.stringify(persisted(hash))},"extensions":{}}`,
    ),
  ],
  [
    'a hash in place of a documentId',
    'yoga',
    post(JSON.stringify({ documentId: hash, variables: { id: 'ctx_1' } })),
  ],
  ['a documentId nobody knows', 'yoga', post(JSON.stringify({ documentId: 'x' }))],
  [
    'a documentId nobody knows, and the text',
    'yoga',
    ask(read, { id: 'ctx_1' }, { documentId: 'x' }),
  ],
  ['a documentId that is null', 'plan', ask(read, { id: 'ctx_1' }, { documentId: null })],
  ['no body', 'yoga', post('')],
  ['no JSON', 'yoga', post('{"query":')],
  ['something after the JSON', 'yoga', post(`${String(readOne.body)}x`)],
  ['a byte order mark', 'plan', post(`\ufeff${String(readOne.body)}`)],
  ['two byte order marks', 'yoga', post(`\ufeff\ufeff${String(readOne.body)}`)],
  ['chunks', 'plan', post(Array.from(String(readOne.body)))],
  [
    'chunks within a character',
    'plan',
    post([
      Buffer.from('{"query":"{ executionContext(id: \\"\xc3', 'latin1'),
      Buffer.from('\xa9\\") { __typename } }"}', 'latin1'),
    ]),
  ],
  ['a batch', 'yoga', post(`[${String(readOne.body)}]`, strict)],
  ['text in place of an object', 'yoga', post('"{ __typename }"')],
  ['null in place of an object', 'yoga', post('null')],
  ['no query', 'yoga', post('{}')],
  ['a query that is no text', 'yoga', post('{"query": 1}', strict)],
  ['a query that is null', 'yoga', post('{"query": null}')],
  ['an empty query', 'yoga', post('{"query": ""}')],
  ['bytes that are no UTF-8', 'refused', post(Buffer.from('{"query": "\xff"}', 'latin1'))],
  [
    'more bytes than are taken',
    'refused',
    post(`{"query":${query},"variables":{"id":"${'x'.repeat(1_048_576)}"}}`),
  ],
];

function escapeAll(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
