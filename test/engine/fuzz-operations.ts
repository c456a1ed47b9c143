import { createHash } from 'node:crypto';

import type { GeneratorValue } from 'fast-check';
import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isNonNullType,
  type GraphQLInputType,
} from 'graphql';

import { Draw } from './draw.ts';
import {
  DocumentWriter,
  quoteLiteral,
  type FuzzedDocument,
  type Variable,
} from './fuzz-documents.ts';
import { oddIds, storedIds } from './memory-api.ts';
import type { RawHeader, RawRequest } from './raw-http.ts';

/** A document, sent once so that it is learned, and then with other variables, spellings and headers. */
export interface FuzzedOperation {
  readonly first: RawRequest;
  readonly again: readonly RawRequest[];
}

const requestsEach = 3;

/** @param generator - What `fc.gen` hands out: where all choices come from. */
export function drawOperation(generator: GeneratorValue, run: number): FuzzedOperation {
  const draw = new Draw(generator);
  const document = new DocumentWriter(draw).write();
  const usual: RawHeader[] = [
    ['content-type', 'application/json'],
    ['x-request-id', `learn-${run}`],
    ['authorization', `Bearer admin-learner-${run}`],
  ];
  const query = JSON.stringify(document.text);
  const name = document.operationName;
  return {
    first: {
      headers: usual,
      body: `{"query":${query}${name === null ? '' : `,"operationName":"${name}"`}}`,
    },
    again: Array.from({ length: requestsEach }, (_, i) => ({
      headers: drawHeaders(draw, `${run}-${i}`),
      body: drawBody(draw, document),
    })),
  };
}

/** Right values that are written in unusual ways. */
const unusual: Readonly<Record<string, readonly string[]>> = {
  ID: [
    ...oddIds.map(quoteLiteral),
    ...[
      '1',
      '-0',
      '1.0',
      '1e2',
      '9007199254740993',
      '""',
      '".."',
      '"\\u0063tx_1"',
      '"ctx\\u005f1"',
    ],
    ...['"\\ud800"', '"\\/"', '"é☕"', `"${'x'.repeat(257)}"`, `"${'\u{1f642}'.repeat(256)}"`],
  ],
  Int: ['0', '-1', '101', '-0', '1.0', '1e1', '123456789', '1234567890'],
  Boolean: ['false'],
  String: ['""', '"\\u0000"', '"é"'],
};

const wrong: Readonly<Record<string, readonly string[]>> = {
  ID: ['true', '{}', '["ctx_1"]', '1.5'],
  Int: ['"1"', '1.5', '99999999999', 'true'],
  Boolean: ['1', '"true"'],
  String: ['1', '[]', 'true'],
};

/** The text of a value that a variable may be sent with: a right one in most cases. */
function drawValue(
  draw: Draw,
  type: GraphQLInputType,
  oddity: number,
  isRequired = isNonNullType(type),
): string {
  const inner = getNullableType(type);
  if (draw.chance(isRequired ? 2 : 8)) return 'null';
  if (draw.chance(oddity)) return draw.json();
  if (isListType(inner)) return `[${drawValue(draw, inner.ofType, oddity)}]`;
  if (isInputObjectType(inner)) {
    const members = Object.values(inner.getFields())
      .filter((field) => isNonNullType(field.type) || draw.chance(65))
      .map((field) => `${key(draw, field.name)}:${drawValue(draw, field.type, oddity)}`);
    if (draw.chance(2)) members.push(`"more":${draw.json()}`);
    if (draw.chance(3) && members[0] !== undefined) members.push(members[0]);
    if (draw.chance(30)) members.reverse();
    return `{${members.join(draw.rarely(20, ',', ' ,\n '))}}`;
  }
  const { name } = getNamedType(inner);
  switch (name) {
    case 'JSON':
      return draw.rarely(10, draw.json(), '1.50', '-0', '{"a":1,"a":[]}', nested(128), nested(129));
    case 'JSONObject':
      return `{"a":${draw.json()},"__proto__":{"b":1e400}}`;
    default: {
      const usual = usualTexts[name] ?? ['null'];
      const value = draw.chance(65) ? draw.of(usual) : draw.of(unusual[name] ?? usual);
      return draw.chance(oddity > 0 ? 20 : 1) ? draw.of(wrong[name] ?? usual) : value;
    }
  }
}

const usualTexts: Readonly<Record<string, readonly string[]>> = {
  ID: storedIds.map(quoteLiteral),
  Int: ['1', '2', '20', '100'],
  Boolean: ['true', 'false'],
  String: ['"x"', '"AAAAAAAAAAAAAAAAAAAAAA"'],
};

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** A key as it may be written. */
function key(draw: Draw, name: string): string {
  const escaped = `\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}`;
  return draw.rarely(2, `"${name}"`, `"${escaped}"`);
}

function drawVariables(draw: Draw, variables: readonly Variable[]): string {
  const oddity = draw.rarely(12, 0, 30);
  const members = variables
    .filter(({ isRequired }) => draw.chance(isRequired ? 99 : 75))
    .map(
      ({ name, type, isRequired }) =>
        `${key(draw, name)}:${drawValue(draw, type, oddity, isRequired)}`,
    );
  if (draw.chance(6)) members.push(`${key(draw, 'other')}:${draw.json()}`);
  if (draw.chance(3)) {
    const again = variables[0];
    if (again !== undefined) members.push(`"${again.name}":${drawValue(draw, again.type, 20)}`);
  }
  if (draw.chance(30)) members.reverse();
  const gap = draw.rarely(25, '', ' ', '\n\t');
  return `{${gap}${members.join(`${gap},${gap}`)}${gap}}`;
}

/** The JSON string of a document, spelled in one of the ways that clients do. */
function spell(draw: Draw, text: string): string {
  const plain = JSON.stringify(text);
  if (!draw.chance(15)) return plain;
  return draw.of([
    plain.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
    plain.replace(/\{/g, '\\u007B'),
    plain.replace(/\//g, '\\/').replace(/q/, '\\u0071'),
    plain.replace(/\\n/g, '\\u000a'),
  ]);
}

function drawBody(draw: Draw, { text, variables, operationName }: FuzzedDocument): Buffer {
  const members = [`${key(draw, 'query')}:${spell(draw, text)}`];
  if (variables.length > 0 || draw.chance(20)) {
    const values = draw.rarely(3, drawVariables(draw, variables), 'null', draw.json());
    members.push(`${key(draw, 'variables')}:${values}`);
    if (draw.chance(2)) members.push(`"variables":${drawVariables(draw, variables)}`);
  }
  const name = JSON.stringify(operationName);
  if (operationName !== null || draw.chance(20)) {
    const given = draw.rarely(8, name, 'null', '"Other"', '""', '1', '"\\u004fp"');
    if (draw.chance(70)) members.push(`"operationName":${given}`);
  }
  if (draw.chance(10)) members.push(`"extensions":${draw.of(['{}', '{ }', 'null', '{"a":1}'])}`);
  if (draw.chance(5)) {
    const hash = createHash('sha256').update(text).digest('hex');
    const named = draw.rarely(20, hash, hash.toUpperCase(), '0'.repeat(64), 'x');
    const isHash = draw.chance(80);
    members.push(
      isHash
        ? `"extensions":{"persistedQuery":{"version":1,"sha256Hash":"${named}"}}`
        : `"documentId":"${named}"`,
    );
    // The text is known by its hash from when both came together.
    if (isHash && draw.chance(40)) members.shift();
  }
  if (draw.chance(4)) members.push(`"${draw.of(['id', 'doc', '__proto__'])}":null`);
  if (draw.chance(2))
    members.push(`"${draw.of(['id', '__proto__', 'qu\\u0065ry'])}":${draw.json()}`);
  if (draw.chance(1)) members.push(`"query":${JSON.stringify(text)}`);
  if (draw.chance(15)) members.reverse();
  const gap = draw.rarely(20, '', ' ', '\r\n', '\t');
  const whole = `${gap}{${gap}${members.join(`${gap},${gap}`)}${gap}}${gap}`;
  const marked = draw.rarely(4, whole, `\ufeff${whole}`, `${whole}x`, `[${whole}]`, whole.slice(1));
  const bytes = Buffer.from(marked);
  return draw.chance(1) ? Buffer.concat([bytes, Buffer.from([0xff])]) : bytes;
}

const accepts = [
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json;q=0.9',
  'application/json;q=0.1, */*',
  '*/*',
  'application/json; charset="utf-8"',
  '',
];

const otherAccepts = ['text/html', 'text/event-stream', 'multipart/mixed, image/png'];

function drawHeaders(draw: Draw, run: string): RawHeader[] {
  const caller = draw.rarely(
    45,
    `Bearer admin-${run}`,
    'Bearer alice',
    'Bearer alice',
    'Bearer busy',
    'Bearer admin-busy',
    `Bearer later-admin-${run}`,
    `Bearer later-${run}`,
    draw.of(['Bearer nobody', 'Basic YTpi']),
  );
  const headers: RawHeader[] = [
    ['Content-Type', draw.rarely(6, 'application/json', ...contentTypes)],
    ['x-request-id', `r-${run}`],
    ['authorization', caller],
  ];
  if (draw.chance(40)) headers.push(['accept', draw.of(draw.chance(8) ? otherAccepts : accepts)]);
  if (draw.chance(1)) headers.push(['content-type', 'application/json']);
  if (draw.chance(10)) headers.push(['Origin', draw.of(['https://app.example.com', 'null'])]);
  if (draw.chance(5)) {
    headers.push(['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01']);
    headers.push(['tracestate', draw.of(['a=b', 'a=b,c=d'])]);
  }
  if (draw.chance(1)) headers.push(['content-encoding', draw.of(['gzip', 'identity'])]);
  return draw.chance(10) ? headers.reverse() : headers;
}

const contentTypes = [
  'application/json; charset=utf-8',
  'application/graphql+json',
  'Application/JSON;charset=latin1',
  'text/plain',
  'application/json, text/plain',
];
