import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const query = 'query Read($id: ID!) { executionContext(id: $id) { __typename } }';
const mutation = 'mutation { deleteExecutionContext(id: "x") { __typename } }';
const sdl = '{ _service { sdl } }';
const variables = { id: 'ctx_1' };
const found = { data: { executionContext: { __typename: 'AiExecutionContext' } } };

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const apq = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: sha256(text) } });

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

let gateway: TestGateway;
let folder: string;

async function start(env: Record<string, string> = {}): Promise<void> {
  gateway = await startTestGateway({ env });
  gateway.upstream.seed({ id: 'ctx_1' });
}

async function post(body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const authorization = `Bearer ${await gateway.freshToken()}`;
  const response = await fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

async function respondToGet(params: Record<string, unknown>): Promise<Response> {
  const authorization = `Bearer ${await gateway.freshToken()}`;
  const search = new URLSearchParams(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
  return fetch(`${gateway.url}/graphql?${search.toString()}`, { headers: { authorization } });
}

async function get(params: Record<string, unknown>): Promise<Answer> {
  const response = await respondToGet(params);
  return { status: response.status, body: await response.json() };
}

const codeOf = ({ body }: Answer) =>
  (body as { errors?: { extensions?: { code?: string } }[] }).errors?.[0]?.extensions?.code;

describe('an automatic persisted query', () => {
  beforeAll(() => start());
  afterAll(() => gateway.close());

  it('is asked for where it is not known, then known by its hash alone', async () => {
    const extensions = apq(query);
    const unknown = await post({ variables, extensions });
    expect(unknown).toMatchObject({
      status: 200,
      body: { errors: [{ message: 'PersistedQueryNotFound' }] },
    });
    expect(codeOf(unknown)).toBe('PERSISTED_QUERY_NOT_FOUND');
    expect(await post({ query, variables, extensions })).toEqual({ status: 200, body: found });
    // Twice: executed by Yoga, then by its plan; then by GET, and with what clients add.
    for (let call = 0; call < 2; call += 1) {
      expect(await post({ variables, extensions })).toEqual({ status: 200, body: found });
    }
    expect(await get({ variables, extensions })).toEqual({ status: 200, body: found });
    const more = { ...extensions, clientLibrary: { name: 'client', version: '4' } };
    expect(await post({ operationName: 'Read', variables, extensions: more })).toEqual({
      status: 200,
      body: found,
    });
  });

  it.each([
    ['a context', { query, variables }, 200],
    ['a hash that is not known', { extensions: apq('{ unknown }') }, 200],
    ['a mutation', { query: mutation }, 405],
    ['what does not parse', { query: '{' }, 200],
  ])('answers %s by GET so that no cache keeps it', async (_, parameters, status) => {
    const response = await respondToGet(parameters);
    expect(response.status).toBe(status);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  it('is refused where the hash is not that of the text, and not kept', async () => {
    const other = `${query} `;
    const refused = await post({ query: other, variables, extensions: apq(`${query}  `) });
    expect(refused.status).toBe(400);
    expect(codeOf(await post({ variables, extensions: apq(`${query}  `) }))).toBe(
      'PERSISTED_QUERY_NOT_FOUND',
    );
  });

  it.each([
    ['is malformed', '{ executionContext('],
    ['does not validate', '{ nothing }'],
  ])('is not kept where its text %s', async (_, text) => {
    await post({ query: text, extensions: apq(text) });
    expect(codeOf(await post({ extensions: apq(text) }))).toBe('PERSISTED_QUERY_NOT_FOUND');
  });

  it('is not run by GET where it is a mutation, by hash or by text', async () => {
    await post({ query: mutation, extensions: apq(mutation) });
    gateway.upstream.clear();
    expect((await get({ extensions: apq(mutation) })).status).toBe(405);
    expect((await get({ query: mutation, extensions: apq(mutation) })).status).toBe(405);
    expect(gateway.upstream.requests).toEqual([]);
  });

  it('is forgotten once those used since come to 8 MiB, whatever it is asked for by', async () => {
    const long = (i: number) =>
      `query N${i} { executionContext(id: "") { __typename } } #`.padEnd(1e6);
    const texts = Array.from({ length: 9 }, (_, i) => long(i));
    for (const text of texts)
      expect((await post({ query: text, extensions: apq(text) })).status).toBe(200);
    const codes = await Promise.all(
      texts.map(async (text) => [
        codeOf(await post({ extensions: apq(text) })),
        codeOf(await get({ extensions: apq(text) })),
      ]),
    );
    const forgotten = 'PERSISTED_QUERY_NOT_FOUND';
    expect(codes).toEqual(
      texts.map((_, i) => (i === 0 ? [forgotten, forgotten] : [undefined, undefined])),
    );
  });

  it('stays known while it is used, by POST too', async () => {
    await post({ query, variables, extensions: apq(query) });
    for (let i = 0; i < 12; i += 1) {
      const text = `query M${i} { executionContext(id: "") { __typename } } #`.padEnd(1e6);
      await post({ query: text, extensions: apq(text) });
      await post({ variables, extensions: apq(query) });
    }
    expect(await get({ variables, extensions: apq(query) })).toEqual({ status: 200, body: found });
  });

  it.each([
    ['of another version', { persistedQuery: { version: 2, sha256Hash: sha256(query) } }],
    ['without a hash', { persistedQuery: { version: 1 } }],
    ['whose hash is no text', { persistedQuery: { version: 1, sha256Hash: 7 } }],
  ])('is refused %s', async (_, extensions) => {
    expect((await post({ query, variables, extensions })).status).toBe(400);
  });
});

describe('without automatic documents', () => {
  beforeAll(() => start({ AUTOMATIC_DOCUMENTS: 'false' }));
  afterAll(() => gateway.close());

  it('clients are told that hashes are not supported, and send the text', async () => {
    expect(codeOf(await post({ variables, extensions: apq(query) }))).toBe(
      'PERSISTED_QUERY_NOT_SUPPORTED',
    );
    expect(await post({ query, variables })).toEqual({ status: 200, body: found });
  });
});

describe('trusted documents', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'documents-'));
    const file = join(folder, 'documents.json');
    writeFileSync(
      file,
      JSON.stringify({ 'any key': query, [`sha256:${sha256(mutation)}`]: mutation }),
    );
    await start({ TRUSTED_DOCUMENTS: file, TRUSTED_DOCUMENTS_ONLY: 'true' });
  });
  afterAll(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true });
  });

  it('are named by documentId, by a hash with or without its name, or by their own text', async () => {
    for (const named of [{ documentId: 'any key' }, { query }]) {
      for (let call = 0; call < 3; call += 1) {
        expect(await post({ ...named, variables })).toEqual({ status: 200, body: found });
      }
    }
    expect(await get({ documentId: 'any key', variables })).toEqual({ status: 200, body: found });
    for (const named of [
      { documentId: sha256(mutation) },
      { documentId: `sha256:${sha256(mutation)}` },
      { extensions: apq(mutation) },
    ]) {
      expect((await post(named)).body).toMatchObject({ data: { deleteExecutionContext: {} } });
    }
  });

  it('are run by their text where a client sends its hash along', async () => {
    expect(await post({ query, variables, extensions: apq(query) })).toEqual({
      status: 200,
      body: found,
    });
    const extensions = apq(`${query} `);
    expect((await post({ query, variables, extensions })).status).toBe(400);
  });

  it('are all that is run: other texts are refused, and hashes of them', async () => {
    gateway.upstream.clear();
    for (const named of [
      { query: `${query} ` },
      { query: `${query} `, extensions: apq(`${query} `) },
      { extensions: apq(`${query} `) },
      { query: '{ _service { sdl } executionContext(id: "ctx_1") { __typename } }' },
      { query: '{ ...S } fragment S on Query { executionContext(id: "ctx_1") { __typename } }' },
    ]) {
      expect(codeOf(await post({ ...named, variables }))).toBe('DOCUMENT_NOT_TRUSTED');
    }
    expect((await post({ documentId: 'unknown' })).status).toBe(404);
    expect(gateway.upstream.requests).toEqual([]);
  });

  it('leave the SDL open to composers', async () => {
    expect((await post({ query: sdl })).body).toMatchObject({
      data: { _service: { sdl: expect.stringContaining('type AiExecutionContext') as string } },
    });
  });
});
