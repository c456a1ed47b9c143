import { schema } from '../../src/gateway.ts';
import { printSchema } from '../../src/schema/subgraph.ts';
import { everyOperation } from '../schema/every-operation.ts';
import {
  ask,
  create,
  errorFields,
  list,
  merge,
  post,
  read,
  remove,
  result,
  strict,
  update,
  type TwoWaysCase,
} from './cases.ts';

/** What each root field's operation, with all arguments and all that it may answer, is sent with. */
const variablesOf: Readonly<Record<string, object>> = {
  executionContext: { id: 'ctx_1' },
  executionContexts: { page: 1, perPage: 2, agentId: 'agent', workflowId: null },
  createExecutionContext: {
    input: { agentId: 'a', workflowId: 'w', userId: 'u', sessionId: 's', context: { a: [1, 'é'] } },
  },
  updateExecutionContext: { id: 'ctx_1', input: { context: { a: 1 }, sessionId: 's2' } },
  mergeExecutionContext: { id: 'ctx_1', input: { patch: { step: null, more: [1] } } },
  deleteExecutionContext: { id: 'ctx_1' },
  executionContextUpdated: { id: 'missing' },
  _entities: { representations: [{ __typename: 'AiExecutionContext', id: 'ctx_1' }] },
};

const unplanned = new Set(['_service', '_entities']);

export const operations: readonly TwoWaysCase[] = [
  ...everyOperation(printSchema(schema)).map(({ type, field, body }): TwoWaysCase => [
    `every field of ${type} ${field}`,
    unplanned.has(field) ? 'yoga' : 'plan',
    ask(`${type} Every${body}`, variablesOf[field]),
  ]),
  ['a context that is missing', 'plan', ask(read, { id: 'missing' })],
  ['an empty id', 'plan', ask(read, { id: '' })],
  ['an id of dots', 'plan', ask(read, { id: '..' })],
  ['an id with all that a path cannot hold', 'plan', ask(read, { id: 'a/ b?é%#☕\u0000' })],
  ['a lone surrogate in an id', 'plan', ask(read, { id: 'a\ud800' })],
  ['an id of 257 characters', 'plan', ask(read, { id: 'x'.repeat(257) })],
  ['a page beyond the last', 'plan', ask(list, { page: 1000 })],
  ['a page that is none', 'plan', ask(list, { page: 0, perPage: 101 })],
  ['a page of an agent', 'plan', ask(list, { agentId: 'agent' })],
  ['an update of nothing', 'plan', ask(update, { id: 'ctx_1', input: {} })],
  ['an update of the session', 'plan', ask(update, { id: 'ctx_1', input: { sessionId: 's' } })],
  [
    'an update of another version',
    'plan',
    ask(update, { id: 'ctx_1', input: { context: 1, ifVersion: 'other' } }),
  ],
  ['a merge that changes nothing', 'plan', ask(merge, { id: 'ctx_1', input: { patch: {} } })],
  ['a merge into nothing', 'plan', ask(merge, { id: 'missing', input: { patch: { a: 1 } } })],
  ['a patch that is none', 'yoga', ask(merge, { id: 'ctx_1', input: { patch: [1] } })],
  ['a creation for somebody else', 'plan', ask(create, { input: { agentId: 'a', userId: 'bob' } })],
  ['a deletion of nothing', 'plan', ask(remove, { id: 'missing' })],
  [
    'a subscription with an empty id',
    'plan',
    ask('subscription { executionContextUpdated(id: "") { __typename } }'),
  ],
];

/** Fragments each of which spreads the next one twice: 2^40 spreads, 40 fields at the most. */
const doubling = Array.from({ length: 40 }, (_, i) => {
  const next = i === 39 ? 'sessionId' : `...F${i + 1} ...F${i + 1}`;
  return `fragment F${i} on AiExecutionContext { a${i}: id ${next} }`;
}).join(' ');

const constantUpdate = (context: string) =>
  ask(`mutation { updateExecutionContext(id: "ctx_1", input: { context: ${context} }) ${result} }`);
const fetchOf = (selection: string, rest = '') =>
  ask(`{ executionContext(id: "ctx_1") { ${selection} } } ${rest}`);

export const documents: readonly TwoWaysCase[] = [
  ['a constant', 'plan', fetchOf('... on AiExecutionContext { id }')],
  ['an alias at the root', 'plan', ask(`{ a: executionContext(id: "ctx_1") ${result} }`)],
  [
    'an alias that objects inherit',
    'plan',
    ask(`{ __proto__: executionContext(id: "ctx_1") { __proto__: __typename } }`),
  ],
  [
    'several fields',
    'plan',
    ask(
      `query ($id: ID!) {
      a: executionContext(id: $id) ${result} b: executionContext(id: "missing") ${result}
      c: executionContext(id: $id) ${result} d: executionContexts { __typename } e: executionContext(id: "") ${result} }`,
      { id: 'ctx_1' },
    ),
  ],
  [
    'several mutations, one after the other',
    'plan',
    ask(
      `mutation ($input: UpdateExecutionContextInput!) {
      a: updateExecutionContext(id: "ctx_1", input: $input) ${result}
      b: updateExecutionContext(id: "", input: $input) ${result}
      c: deleteExecutionContext(id: "ctx_1") { ... on DeletedExecutionContext { deletedId } ${errorFields} }
      d: updateExecutionContext(id: "ctx_1", input: $input) ${result} }`,
      { input: { context: { step: 2.5 } } },
    ),
  ],
  [
    'one root key twice',
    'yoga',
    ask('{ executionContext(id: "a") { __typename } executionContext(id: "a") { u: __typename } }'),
  ],
  [
    '__typename everywhere',
    'plan',
    fetchOf(
      '__typename t: __typename ... on AiExecutionContext { __typename u: __typename } ... on ExecutionContextError { __typename v: __typename }',
    ),
  ],
  [
    '__typename at the root',
    'yoga',
    ask('{ __typename executionContext(id: "ctx_1") { __typename } }'),
  ],
  ['only __typename at the root', 'yoga', ask('{ __typename }')],
  [
    'fragments on union, interface and object',
    'plan',
    fetchOf(
      '...U',
      `fragment U on ExecutionContextResult { __typename ...O ...I }
    fragment O on AiExecutionContext { id context } fragment I on ExecutionContextError { code ...N }
    fragment N on ExecutionContextNotFoundError { executionContextId }`,
    ),
  ],
  [
    'the same of an error',
    'plan',
    ask(`{ executionContext(id: "missing") { ...U } } fragment U on ExecutionContextResult { __typename ...I ... on AiExecutionContext { id } }
    fragment I on ExecutionContextError { code ... on ExecutionContextNotFoundError { executionContextId message } }`),
  ],
  [
    'fragments without a condition',
    'plan',
    fetchOf('... { __typename ... { ... on AiExecutionContext { ... { id } } } }'),
  ],
  [
    'fields merged from several places',
    'plan',
    fetchOf(
      '... on AiExecutionContext { id context } ...F ... on AiExecutionContext { context sessionId id }',
      'fragment F on AiExecutionContext { sessionId id agentId }',
    ),
  ],
  [
    'a fragment spread twice',
    'plan',
    fetchOf(
      '...F ...F ... on AiExecutionContext { ...F }',
      'fragment F on AiExecutionContext { id }',
    ),
  ],
  ['fragments that double at each level', 'plan', fetchOf('...F0', doubling)],
  [
    'nested lists and objects, merged',
    'plan',
    ask(`{ executionContexts(page: 0) { ... on ExecutionContextInputError { issues { path } issues { m: message path } }
    ... on ExecutionContextPage { items { id } items { version } a: items { id } } } }`),
  ],
  ['nothing that applies', 'plan', fetchOf('... on ExecutionContextConflictError { code }')],
  ['the name of an operation', 'plan', ask(read, { id: 'ctx_1' }, { operationName: 'Read' })],
  [
    'comments, commas, marks and line ends',
    'plan',
    ask(
      `\ufeff# é ☕ "\r\n{,,executionContext\t(id:,"ctx_1",)\r{...on AiExecutionContext{id,context}},}#`,
    ),
  ],
  ['a block string', 'plan', ask('{ executionContext(id: """\n    ctx_1\n  """) { __typename } }')],
  [
    'escapes in a string',
    'plan',
    ask(
      '{ executionContext(id: "\\u0063tx\\u{5f}1") { __typename ... on ExecutionContextError { message } } }',
    ),
  ],
  [
    'a lone surrogate in a string',
    'yoga',
    ask('{ executionContext(id: "\\uD800") { __typename } }'),
  ],
  ['a number for an id', 'plan', ask(`{ executionContext(id: 12345678901234567890) ${result} }`)],
  [
    'any JSON as a constant',
    'plan',
    constantUpdate(
      '{ b: [1.50, 1e400, -0, 9007199254740993], a: { __proto__: null, x: "é\\u0000\\"☕" }, t: true }',
    ),
  ],
  ['a scalar as a constant', 'plan', constantUpdate('1.50')],
  ['null as a constant', 'plan', constantUpdate('null')],
  ['an enum value in JSON', 'yoga', constantUpdate('{ a: RED }')],
  [
    'a variable in an input object',
    'plan',
    ask(
      `mutation ($s: ID, $c: JSON) { updateExecutionContext(id: "ctx_1", input: { sessionId: $s, context: $c }) ${result} }`,
      { s: 's', c: { a: 1.5 } },
    ),
  ],
  [
    'the same, left out',
    'plan',
    ask(
      `mutation ($s: ID, $c: JSON = [1.50]) { updateExecutionContext(id: "ctx_1", input: { sessionId: $s, context: $c }) ${result} }`,
      {},
    ),
  ],
  [
    'the same, null',
    'plan',
    ask(
      `mutation ($s: ID, $c: JSON = 1) { updateExecutionContext(id: "ctx_1", input: { sessionId: $s, context: $c }) ${result} }`,
      { s: null, c: null },
    ),
  ],
  [
    'variables in a JSON literal',
    'plan',
    ask(
      `mutation ($a: JSON, $b: ID, $c: JSON) { updateExecutionContext(id: "ctx_1", input: { context: { a: [$a, $b], b: { c: $c, d: $a } } }) ${result} }`,
      { a: { x: 1 }, b: 7 },
    ),
  ],
  [
    'a variable too often in a JSON literal',
    'yoga',
    ask(
      `mutation ($a: JSON) { updateExecutionContext(id: "ctx_1", input: { context: [${'$a '.repeat(9)}] }) ${result} }`,
      { a: [] },
    ),
  ],
  [
    'a default of a variable',
    'plan',
    ask(`query ($id: ID! = "ctx_1") { executionContext(id: $id) ${result} }`),
  ],
  [
    'a default that is not used',
    'plan',
    ask(`query ($id: ID! = "ctx_1") { executionContext(id: $id) ${result} }`, { id: 'ctx_2' }),
  ],
  [
    'null in place of a default',
    'yoga',
    ask(`query ($id: ID! = "ctx_1") { executionContext(id: $id) ${result} }`, { id: null }),
  ],
  [
    'the default of an argument',
    'plan',
    ask(
      'query ($p: Int) { executionContexts(page: $p, perPage: 1) { ... on ExecutionContextPage { items { id } } } }',
    ),
  ],
  [
    'null in place of the default of an argument',
    'yoga',
    ask('query ($p: Int) { executionContexts(page: $p) { __typename } }', { p: null }),
  ],
  [
    'null for what may be null',
    'plan',
    ask(
      'query ($a: ID) { executionContexts(agentId: $a) { ... on ExecutionContextPage { hasMore } } }',
      { a: null },
    ),
  ],
  [
    'a variable named toString',
    'plan',
    ask(
      'query ($toString: ID, $constructor: ID!) { executionContexts(agentId: $toString) { __typename } executionContext(id: $constructor) { __typename } }',
      { constructor: 'ctx_1' },
    ),
  ],
  [
    'a variable named toString that is missing',
    'yoga',
    ask('query ($toString: ID!) { executionContext(id: $toString) { __typename } }', {}),
  ],
  [
    'a variable named __proto__',
    'yoga',
    post(
      '{"query":"query ($__proto__: ID!) { executionContext(id: $__proto__) { __typename } }","variables":{"__proto__":"ctx_1"}}',
    ),
  ],
  [
    'directives with constants',
    'yoga',
    fetchOf(
      '__typename ... on AiExecutionContext @include(if: true) { id @skip(if: true) context }',
    ),
  ],
  [
    'directives with variables',
    'yoga',
    ask(
      'query ($yes: Boolean!, $no: Boolean = false) { executionContext(id: "ctx_1") @skip(if: $no) { __typename @include(if: $yes) ...F @include(if: $no) } } fragment F on AiExecutionContext { id }',
      { yes: true },
    ),
  ],
  [
    'a root field left out',
    'yoga',
    ask('{ executionContext(id: "ctx_1") @skip(if: true) { __typename } }'),
  ],
  [
    'a fragment at the root',
    'yoga',
    ask('{ ...Q } fragment Q on Query { executionContext(id: "ctx_1") { __typename } }'),
  ],
  [
    'one of several operations',
    'yoga',
    ask(
      'query A { executionContext(id: "ctx_1") { __typename } } query B { __typename }',
      undefined,
      { operationName: 'A' },
    ),
  ],
  [
    'another of several operations',
    'yoga',
    ask(
      'query A { executionContext(id: "ctx_1") { __typename } } query B { __typename }',
      undefined,
      { operationName: 'B' },
    ),
  ],
  ['several operations and no name', 'yoga', ask('query A { __typename } query B { __typename }')],
  ['the SDL', 'yoga', ask('{ _service { __typename sdl } }')],
  [
    'references',
    'yoga',
    ask(
      'query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on AiExecutionContext { id context version } } }',
      {
        r: ['ctx_1', 'missing', 'ctx_1', 7, ''].map((id) => ({
          __typename: 'AiExecutionContext',
          id,
        })),
      },
    ),
  ],
  [
    'references that are none',
    'yoga',
    ask('query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }', {
      r: [{ __typename: 'Other' }],
    }),
  ],
  ['introspection', 'yoga', ask('{ __schema { queryType { name } } }')],
  ['introspection of a type', 'yoga', ask('{ __type(name: "Query") { fields { name } } }')],
  ['a syntax error', 'yoga', ask('{')],
  ['a syntax error, strictly', 'yoga', { ...ask('{'), headers: strict }],
  ['an unknown field, strictly', 'yoga', { ...ask('{ nothing }'), headers: strict }],
  ['an unknown field', 'yoga', ask('{ nothing executionContex(id: 1) { id } }')],
  ['a field of another member', 'yoga', fetchOf('id')],
  ['a missing selection', 'yoga', ask('{ executionContext(id: "ctx_1") }')],
  ['a missing argument', 'yoga', ask('{ executionContext { __typename } }')],
  [
    'a fragment that nobody spreads',
    'yoga',
    fetchOf('__typename', 'fragment F on AiExecutionContext { id }'),
  ],
  ['too many tokens', 'yoga', ask(`{${'a '.repeat(4_000)}}`)],
  [
    'too many aliases',
    'yoga',
    ask(`{${Array.from({ length: 201 }, (_, i) => `a${i}: __typename`).join(' ')}}`),
  ],
  [
    'a hundred aliases',
    'plan',
    ask(
      `{ executionContext(id: "ctx_1") { ... on AiExecutionContext { ${Array.from({ length: 100 }, (_, i) => `a${i}: id`).join(' ')} } } }`,
    ),
  ],
  [
    'a text too long to be remembered',
    'yoga',
    fetchOf(`... on AiExecutionContext { id } # ${'x'.repeat(9_000)}\n`),
  ],
];
