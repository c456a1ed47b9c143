import {
  ask,
  json,
  list,
  post,
  read,
  readOne,
  remove,
  update,
  type TwoWaysCase,
  type Way,
} from './cases.ts';
import type { Caller } from './gateway-pair.ts';
import type { RawHeader, RawRequest } from './raw-http.ts';

const withHeaders = (...headers: readonly RawHeader[]): RawRequest => ({
  ...readOne,
  headers: [json, ...headers],
});
const withAccept = (accept: string) => withHeaders(['accept', accept]);
const ofType = (type: string): RawRequest => ({ ...readOne, headers: [['content-type', type]] });
const at = (target: string): RawRequest => ({ ...readOne, target });
const graphqlJson = 'application/graphql-response+json';
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const missingVariable = post(JSON.stringify({ query: read }));

export const headers: readonly TwoWaysCase[] = [
  ['no Accept', 'plan', readOne],
  ['an empty Accept', 'plan', withAccept('')],
  ['GraphQL’s own media type', 'plan', withAccept(graphqlJson)],
  ['GraphQL’s own media type first', 'plan', withAccept(`${graphqlJson}, application/json;q=0.9`)],
  ['JSON first', 'plan', withAccept(`${graphqlJson};q=0.2,application/json;q=0.5`)],
  ['any media type first', 'plan', withAccept('*/*, text/html')],
  ['any media type but JSON', 'plan', withAccept('*/*, application/json;q=0')],
  ['JSON in capitals, with a charset', 'plan', withAccept('Application/JSON; charset="UTF-8"')],
  ['JSON in another charset', 'yoga', withAccept('application/json; charset=latin1')],
  ['two Accept headers', 'plan', withHeaders(['Accept', 'text/html'], ['accept', graphqlJson])],
  ['HTML alone', 'yoga', withAccept('text/html')],
  ['events', 'yoga', withAccept('text/event-stream')],
  ['events or JSON', 'yoga', withAccept('text/event-stream, application/json')],
  ['JSON or events', 'plan', withAccept('application/json, text/event-stream')],
  [
    'an error with events',
    'yoga',
    { ...missingVariable, headers: [json, ['accept', 'text/event-stream']] },
  ],
  ['a charset', 'plan', ofType('application/json; charset=utf-8')],
  ['another charset', 'plan', ofType('application/json; charset=utf-16')],
  ['the type in capitals', 'plan', ofType('APPLICATION/JSON')],
  ['the draft’s type', 'plan', ofType('application/graphql+json')],
  ['plain text', 'yoga', ofType('text/plain')],
  ['a form', 'yoga', ofType('application/x-www-form-urlencoded')],
  ['a longer type', 'yoga', ofType('application/jsonx')],
  ['no type', 'yoga', { ...readOne, headers: [] }],
  ['two types in one header', 'yoga', ofType('application/json, application/json')],
  ['two type headers', 'yoga', withHeaders(['content-type', 'application/json'])],
  ['two type headers, the second another', 'yoga', withHeaders(['Content-Type', 'text/plain'])],
  ['a page of an allowed origin', 'plan', withHeaders(['origin', 'https://app.example.com'])],
  ['a page of another origin', 'plan', withHeaders(['origin', 'https://evil.example.com'])],
  ['two origins', 'plan', withHeaders(['origin', 'https://app.example.com'], ['origin', 'null'])],
  [
    'an error for a page',
    'yoga',
    { ...missingVariable, headers: [json, ['origin', 'https://app.example.com']] },
  ],
  ['a trace', 'plan', withHeaders(['traceparent', traceparent], ['tracestate', 'a=b'])],
  [
    'two states of a trace',
    'plan',
    withHeaders(['traceparent', traceparent], ['tracestate', 'a=b'], ['tracestate', 'c=d']),
  ],
  ['a trace of no form', 'plan', withHeaders(['traceparent', 'x'], ['tracestate', 'a=b'])],
  ['a body that is not encoded', 'plan', withHeaders(['content-encoding', 'identity'])],
  ['a body that is', 'refused', withHeaders(['content-encoding', 'gzip'])],
  [
    'headers nobody knows',
    'plan',
    withHeaders(['x-http-method-override', 'DELETE'], ['cookie', 'a=\xe9']),
  ],
  ['another credential', 'refused', withHeaders(['authorization', 'Bearer x'])],
  ['a host with a port', 'plan', withHeaders(['host', 'gateway.example.com:65535'])],
  ['a host that makes no URL', 'plan', withHeaders(['host', '1.2.3.999'])],
  ['two hosts', 'refused', withHeaders(['host', 'a'], ['host', 'b'])],
  ['a search', 'plan', at('/graphql?query=%7B__typename%7D&x=%zz')],
  ['a target in absolute form', 'plan', at('http://gateway/graphql')],
  ['a target in absolute form that makes no URL', 'plan', at('http://gateway:99999/graphql')],
  ['a target in absolute form with a password', 'plan', at('http://user:password@gateway/graphql')],
];

/** Requests of each caller, for all that identity has a part in. */
export const callers: readonly (readonly [Caller, string, Way, RawRequest])[] = (
  ['administrator', 'alice', 'bob', 'nobody', 'expired', 'forger'] as const
).flatMap((caller) => [
  [caller, 'a read', 'plan', readOne] as const,
  [caller, 'a list', 'plan', ask(list)] as const,
  [caller, 'an update', 'plan', ask(update, { id: 'ctx_1', input: { context: 2 } })] as const,
  [caller, 'a deletion', 'plan', ask(remove, { id: 'ctx_1' })] as const,
  [caller, 'input errors', 'plan', ask(list, { page: 0 })] as const,
  [caller, 'a missing variable', 'yoga', ask(read)] as const,
]);
