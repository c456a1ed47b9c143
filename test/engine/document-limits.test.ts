import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { documentLimits } from '../../src/engine/document-limits.ts';
import { parseWithinLimits } from '../../src/engine/document-limits.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const { tokens, depth, aliases, directives, rootFields, operations, fragments } = documentLimits;

function times(count: number, part: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => part(index)).join(' ');
}

function nested(levels: number): string {
  return `${'{ a '.repeat(levels)}${'}'.repeat(levels)}`;
}

/** For each limit, a document that holds as much as it names. */
const documents: Readonly<Record<string, readonly [number, (count: number) => string]>> = {
  tokens: [tokens, (count) => `{ a(b: [${times(count - 9, () => '1')}]) }`],
  'levels of fields': [depth, nested],
  'levels through fragments': [
    depth,
    (count) => `{ a { ...F } } fragment F on Query { ... on Query ${nested(count - 1)} }`,
  ],
  aliases: [aliases, (count) => `{ a { ${times(count, (i) => `a${i}: a`)} } }`],
  directives: [directives, (count) => `{ a { ${times(count, () => 'a @b')} } }`],
  'root fields': [rootFields, (count) => `{ ${times(count, () => 'a')} }`],
  'root fields through fragments': [
    rootFields,
    (count) => `{ a ...F ...F } fragment F on Query { ... { ${times(count - 1, () => 'a')} } }`,
  ],
  operations: [operations, (count) => times(count, (i) => `query Q${i} { a }`)],
  fragments: [fragments, (count) => `{ a } ${times(count, (i) => `fragment F${i} on Q { a }`)}`],
};

describe.each(Object.entries(documents))('the limit of %s', (_name, [limit, documentOf]) => {
  it('is within it', () => {
    expect(() => parseWithinLimits(documentOf(limit))).not.toThrow();
  });

  it('admits no more', () => {
    expect(() => parseWithinLimits(documentOf(limit + 1))).toThrow(
      `The document has more than ${limit} `,
    );
  });
});

describe('documents made to hurt', () => {
  it.each([
    ['a literal 20,000 levels deep', `{ a(b: ${'['.repeat(20_000)}${']'.repeat(20_000)}) }`],
    ['20,000 nested fields', nested(20_000)],
    ['a list type 20,000 levels deep', `query ($a: ${'['.repeat(20_000)}`],
  ])('%s', (_name, document) => {
    expect(() => parseWithinLimits(document)).toThrow(`more than ${tokens} tokens`);
  });

  it('fragments in a circle end, for validation to refuse them', () => {
    const circle = '{ ...A } fragment A on Q { a ...B } fragment B on Q { a ...A }';
    expect(() => parseWithinLimits(circle)).not.toThrow();
  });

  it('fragments that double at each level are looked at once each', () => {
    const levels = times(50, (i) => `fragment F${i} on Q { ...F${i + 1} ...F${i + 1} }`);
    expect(() => parseWithinLimits(`{ ...F0 } ${levels} fragment F50 on Q { a }`)).not.toThrow();
  });

  it('do not count introspection’s own levels', () => {
    expect(() => parseWithinLimits(`{ __schema ${nested(30)} }`)).not.toThrow();
  });
});

describe('a gateway in production', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { NODE_ENV: 'production' } });
  });
  afterAll(() => gateway.close());

  it.each(['application/json', 'application/graphql-response+json'])(
    'refuses a document that is too large with 400, accepting %s',
    async (accept) => {
      const answer = await gateway.ask(nested(depth + 1), {}, { headers: { accept } });
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({
        errors: [
          {
            message: `The document has more than ${depth} levels of fields: send less at once.`,
            extensions: { code: 'DOCUMENT_TOO_LARGE' },
          },
        ],
      });
    },
  );

  it('answers a hundred aliases', async () => {
    const answer = await gateway.ask(`{ ${times(100, (i) => `a${i}: __typename`)} }`);
    expect(Object.keys((answer.body as { data: object }).data)).toHaveLength(100);
  });

  it.each(['{ __schema { queryType { name } } }', '{ __type(name: "Query") { name } }'])(
    'tells nobody the schema: %s',
    async (query) => {
      const answer = await gateway.ask(query);
      expect(answer.body).not.toHaveProperty('data');
      expect(JSON.stringify(answer.body)).toContain('introspection has been disabled');
    },
  );

  it.each([
    ['a field', '{ executionContex(id: "1") { __typename } }', {}],
    ['an argument', '{ executionContext(idd: "1") { __typename } }', {}],
    ['a type', '{ executionContext(id: "1") { ... on AiExecutionContex { id } } }', {}],
    [
      'a key of a variable',
      'mutation ($i: UpdateExecutionContextInput!) { updateExecutionContext(id: "1", input: $i) { __typename } }',
      { i: { contex: 1 } },
    ],
  ])('suggests no name for that of %s', async (_name, query, variables) => {
    const answer = await gateway.ask(query, variables);
    const text = JSON.stringify(answer.body);
    expect(text).toContain('"errors"');
    expect(text).not.toContain('Did you mean');
  });

  const repeated = ' Did you mean'.repeat(75_000);

  it.each([
    [
      'literal',
      `{ executionContexts(page: "${repeated}") { __typename } }`,
      {},
      'Int cannot represent non-integer value: " Did you mean',
    ],
    [
      'variable',
      'query ($page: Int!) { executionContexts(page: $page) { __typename } }',
      { page: repeated },
      'Variable "$page" got invalid value " Did you mean',
    ],
  ])('echoes little of a long %s, and is not held up by it', async (_, query, variables, begin) => {
    const answer = await gateway.ask(query, variables);
    const { errors } = answer.body as { errors: { message: string }[] };
    const message = errors[0]?.message ?? '';
    expect(message).toHaveLength(1_000);
    expect(message.startsWith(begin)).toBe(true);
    expect(message).toContain('…');
  });

  it('tells a developer, with introspection, what may have been meant', async () => {
    const open = await startTestGateway({ env: { INTROSPECTION: 'true' } });
    const answer = await open.ask('{ executionContex(id: "1") { __typename } }');
    await open.close();
    expect(JSON.stringify(answer.body)).toContain('Did you mean');
  });
});
