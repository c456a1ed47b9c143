import fc from 'fast-check';

import { jsonText } from '../support/json-texts.ts';
import { mutatedDocument, tokenSoup, validDocument } from './document-texts.ts';

/** A request that Node's own client agrees to send. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  /** {@link signedIn} stands for a token of a user's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** In the place of a token, which is different each time. */
export const signedIn = 'Bearer <token>';

const documentText = fc.oneof(
  { weight: 4, arbitrary: validDocument },
  { weight: 5, arbitrary: mutatedDocument },
  { weight: 1, arbitrary: tokenSoup },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
);

const pageText = fc.oneof(fc.constantFrom('1', '2', '0'), jsonText);

const variables = fc.oneof(
  { weight: 1, arbitrary: jsonText },
  {
    weight: 4,
    arbitrary: fc
      .tuple(jsonText, jsonText, pageText)
      .map(
        ([id, input, page]) => `{"id":${id},"input":${input},"page":${page},"context":${input}}`,
      ),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom('ctx_1', 'ctx_none', '..', '%00'), jsonText, pageText)
      .map(
        ([id, context, page]) =>
          `{"id":"${id}","input":{"context":${context}},"page":${page},"context":${context}}`,
      ),
  },
);

const documents = [
  'query ($id: ID!) { executionContext(id: $id) { __typename } }',
  'query A($page: Int!) { executionContexts(page: $page) { __typename } }',
  'mutation ($input: UpdateExecutionContextInput!) { updateExecutionContext(id: "ctx_1", input: $input) { __typename } }',
  'mutation ($context: JSON) { updateExecutionContext(id: "ctx_1", input: { context: [$context] }) { __typename } }',
  'query ($input: [_Any!]!) { _entities(representations: $input) { __typename } }',
];

const withVariables = fc
  .tuple(
    fc.constantFrom(...documents).map((text) => JSON.stringify(text)),
    variables,
  )
  .map(([query, text]) => `{"query":${query},"variables":${text}}`);

/** Most of the time nothing, so that most requests get past the first thing that is wrong. */
const rarely = (value: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });

const parameters = fc
  .record({
    query: fc.oneof(
      { weight: 19, arbitrary: documentText.map((d) => JSON.stringify(d)) },
      jsonText,
    ),
    variables: fc.option(variables, { freq: 1 }),
    operationName: rarely(jsonText),
    extensions: rarely(jsonText),
    other: rarely(jsonText),
  })
  .map((members) => {
    const given = Object.entries(members).filter(([, value]) => value !== null);
    return `{${given.map(([name, text]) => `"${name}":${String(text)}`).join()}}`;
  });

interface ByteEdit {
  readonly at: number;
  readonly removed: number;
  readonly inserted: Uint8Array;
}

const byteEdit: fc.Arbitrary<ByteEdit> = fc.record({
  at: fc.nat(),
  removed: fc.nat({ max: 3 }),
  inserted: fc.uint8Array({ maxLength: 3 }),
});

function editBytes(bytes: Buffer, { at, removed, inserted }: ByteEdit): Buffer {
  const start = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
}

/** Bytes with some noise, or none. */
export function noisy(bytes: fc.Arbitrary<Buffer>, maxEdits: number): fc.Arbitrary<Buffer> {
  return fc
    .tuple(bytes, fc.array(byteEdit, { maxLength: maxEdits }))
    .map(([clean, edits]) => edits.reduce(editBytes, clean));
}

const cleanBody = fc
  .oneof(
    { weight: 15, arbitrary: parameters },
    { weight: 15, arbitrary: withVariables },
    { weight: 1, arbitrary: jsonText },
    { weight: 1, arbitrary: parameters.map((text) => `[${text},${text}]`) },
    { weight: 1, arbitrary: documentText },
  )
  .map((text) => Buffer.from(text));

const body = fc.oneof(
  { weight: 9, arbitrary: cleanBody },
  { weight: 1, arbitrary: noisy(cleanBody, 4) },
);

/** What HTTP allows in a header: visible characters and obsolete ones above them. */
const headerText = fc
  .string({ unit: fc.nat({ max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 40 })
  .map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, ''));

const oneOf = (...values: readonly string[]) => fc.oneof(fc.constantFrom(...values), headerText);

const usualHeaders = fc.record(
  {
    'content-type': fc.oneof(
      {
        weight: 15,
        arbitrary: fc.constantFrom('application/json', 'application/json; charset=utf-8'),
      },
      oneOf(
        'application/json; charset=utf-16',
        'application/graphql+json',
        'application/graphql',
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'application/jsonx',
      ),
    ),
    authorization: fc.oneof(
      { weight: 15, arbitrary: fc.constant(signedIn) },
      oneOf('Bearer', 'Bearer a.b.c', 'Basic YTpi', 'Bearer eyJhbGciOiJub25lIn0.e30.', ''),
    ),
  },
  { noNullPrototype: true },
);

const unusualHeaders = fc.record(
  {
    accept: oneOf(
      'application/graphql-response+json',
      'application/json;q=0.1, */*',
      'text/html',
      'text/event-stream',
      'multipart/mixed',
      'image/png',
    ),
    'x-request-id': oneOf('one', '', 'x'.repeat(129), '{}'),
    traceparent: oneOf('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'ff-0-0-0'),
    tracestate: headerText,
    origin: oneOf('https://app.example.com', 'null'),
    'access-control-request-method': oneOf('POST', 'DELETE'),
    'content-encoding': oneOf('gzip', 'identity', 'br'),
    'x-http-method-override': oneOf('DELETE'),
    'if-none-match': oneOf('*', '""'),
    range: oneOf('bytes=0-1'),
    expect: oneOf('nothing'),
    upgrade: fc.constant('websocket'),
    cookie: headerText,
  },
  { requiredKeys: [], noNullPrototype: true },
);

const rareHeaders = fc.dictionary(
  fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
  headerText,
  {
    maxKeys: 4,
    noNullPrototype: true,
  },
);

const headers = fc
  .tuple(
    usualHeaders,
    fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, unusualHeaders),
    fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, rareHeaders),
  )
  .map((groups): Record<string, string> => Object.assign({}, ...groups) as Record<string, string>);

/** What Node's client takes for a path. */
const pathText = fc
  .string({ unit: 'binary-ascii', maxLength: 30 })
  .map((text) => text.replace(/[^\x21-\x7e]/g, ''));

const search = fc
  .tuple(documentText, variables, fc.constantFrom('query', 'mutation', 'variables', 'extensions'))
  .map(([query, text, name]) =>
    new URLSearchParams([
      ['query', query.toWellFormed()],
      ['variables', text],
      [name, text],
    ]).toString(),
  );

const path = fc.oneof(
  { weight: 40, arbitrary: fc.constant('/graphql') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('/graphql/', '/graphql/..', '//graphql', '/graphql?%zz'),
  },
  { weight: 2, arbitrary: search.map((text) => `/graphql?${text}`) },
  { weight: 1, arbitrary: fc.constantFrom('/health', '/ready', '/metrics', '/', '/%00', '*') },
  { weight: 1, arbitrary: pathText.map((text) => `/${text}`) },
  { weight: 1, arbitrary: pathText.map((text) => `/graphql?${text}`) },
);

const getRequest = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD'),
  path: fc.oneof(
    search.map((text) => `/graphql?${text}`),
    path,
  ),
  headers,
  body: fc.constant(Buffer.alloc(0)),
});

const anyRequest = fc.record({
  method: fc.oneof(
    { weight: 60, arbitrary: fc.constant('POST') },
    fc.constantFrom('PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY', 'TRACE', 'GET'),
  ),
  path,
  headers,
  body,
});

/** Requests of every kind, most of them close to one that makes sense. */
export const fuzzRequest: fc.Arbitrary<FuzzRequest> = fc
  .oneof({ weight: 8, arbitrary: anyRequest }, { weight: 2, arbitrary: getRequest })
  .map((request) => ({ ...request, path: request.path.slice(0, 8_000) }));

/** What goes over the wire, with some noise: hardly HTTP any more. */
export const fuzzBytes: fc.Arbitrary<Buffer> = noisy(
  fuzzRequest.map(({ method, path: target, headers: fields, body: content }) => {
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
    const head = [`${method} ${target} HTTP/1.1`, 'host: gateway', ...lines];
    const length = `content-length: ${content.length}`;
    return Buffer.concat([Buffer.from([...head, length, '', ''].join('\r\n'), 'latin1'), content]);
  }),
  5,
);
