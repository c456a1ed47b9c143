import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createFetchDoor } from '../../src/doors/fetch/fetch-door.ts';
import { createCors } from '../../src/engine/cors.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { Services } from '../../src/engine/request-context.ts';
import { schema as executionContextSchema } from '../../src/gateway.ts';
import { JsonSource } from '../../src/json/index.ts';
import { createRateLimiter } from '../../src/rate-limit/limiter.ts';
import { createMemoryStore } from '../../src/rate-limit/memory-store.ts';
import { createRestClient, type RestClient } from '../../src/rest/client.ts';
import { createSubgraphSchema, printSchema } from '../../src/schema/subgraph.ts';
import { userNamed } from '../support/users.ts';
import { addConversations, conversations } from './conversations.ts';

const schema = createSubgraphSchema([addConversations]);
const read =
  'query ($id: ID!) { conversation(id: $id) { __typename ... on Conversation { id title } ... on ConversationError { code message } ... on ConversationNotFoundError { conversationId } } }';

describe('a second resource, made of the kit alone', () => {
  let answer: { status: number; body: string };
  let asked: { method: string; path: string; body: string; ifMatch: unknown }[];
  let users = 0;
  let engine: Engine;
  let client: RestClient;
  let ask: (query: string, variables?: object) => Promise<{ body: unknown; headers: Headers }>;

  const api = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      asked.push({ method, path, body, ifMatch: headers['if-match'] });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const { port } = api.address() as AddressInfo;
    client = createRestClient({ url: `http://127.0.0.1:${port}`, apiKey: 'key', timeoutMs: 5_000 });
    engine = createEngine({
      schema,
      services: new Services().set(conversations, client),
      rateLimiter: createRateLimiter({ store: createMemoryStore() }),
      resolveIdentity: () => ({ kind: 'user', user: userNamed(`user-${users}`) }),
      onBug: (error) => {
        throw error;
      },
      onResult: () => undefined,
      onNullReference: () => undefined,
    });
    const door = createFetchDoor({ engine, cors: createCors([]) });
    ask = async (query, variables = {}) => {
      const response = await door.fetch(
        new Request('http://gateway/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query, variables }),
        }),
      );
      return { body: await response.json(), headers: response.headers };
    };
  });
  afterAll(async () => {
    await client.close();
    api.close();
  });
  beforeEach(() => {
    users += 1;
    asked = [];
    answer = { status: 200, body: '{"id":"c1","title":"Suppliers"}' };
  });

  it('is read, listed and updated, with what its operation adds to the request', async () => {
    const conversation = { __typename: 'Conversation', id: 'c1', title: 'Suppliers' };
    expect((await ask(read, { id: 'c1' })).body).toEqual({ data: { conversation } });
    const renamed = await ask(
      'mutation { updateConversation(id: "c1", title: "New") { ... on Conversation { id } } }',
    );
    expect(renamed.body).toEqual({ data: { updateConversation: { id: 'c1' } } });
    expect(asked.at(-1)).toEqual({
      method: 'PUT',
      path: '/conversations/c1',
      body: '{"title":"New"}',
      ifMatch: '*',
    });
    answer = { status: 200, body: '[{"id":"c1"},{"id":"c2","title":null}]' };
    const listed = await ask('{ conversations { ... on ConversationList { items { id } } } }');
    expect(listed.body).toEqual({
      data: { conversations: { items: [{ id: 'c1' }, { id: 'c2' }] } },
    });
  });

  it.each([
    [404, 'NOT_FOUND', 'There is no such conversation.'],
    [409, 'CONFLICT', 'The conversation is in a state that does not allow this.'],
    [429, 'RATE_LIMITED', "The API's rate limit was exceeded."],
    [500, 'UPSTREAM_FAILED', 'The API failed.'],
  ])('maps status %i to its own error %s, with its own noun', async (status, code, message) => {
    answer = { status, body: '' };
    expect((await ask(read, { id: 'c1' })).body).toMatchObject({
      data: { conversation: { code, message } },
    });
  });

  it('checks input before its limit, and its limit before the API', async () => {
    const bad = await ask(read, { id: '' });
    expect(bad.body).toMatchObject({ data: { conversation: { code: 'INVALID_INPUT' } } });
    expect(bad.headers.get('ratelimit')).toBe('"minute";r=5;t=60');
    for (let call = 0; call < 5; call += 1) await ask(read, { id: 'c1' });
    const refused = await ask(read, { id: 'c1' });
    expect(refused.body).toMatchObject({
      data: { conversation: { __typename: 'ConversationRateLimitError' } },
    });
    expect(asked).toHaveLength(5);
  });

  it('is run by a plan from the second time on', async () => {
    await ask(read, { id: 'c1' });
    const body = Buffer.from(JSON.stringify({ query: read, variables: { id: 'c1' } }));
    const source = JsonSource.of(body);
    expect(source && engine.prepare(source)).not.toBeNull();
  });

  it('is an entity', async () => {
    const query =
      '{ _entities(representations: [{ __typename: "Conversation", id: "c1" }]) { ... on Conversation { title } } }';
    expect((await ask(query)).body).toEqual({ data: { _entities: [{ title: 'Suppliers' }] } });
  });

  it('composes, alone and beside execution contexts', () => {
    const own = { name: 'conversations', typeDefs: parse(printSchema(schema)) };
    const other = {
      name: 'execution-contexts',
      typeDefs: parse(printSchema(executionContextSchema)),
    };
    for (const services of [[own], [own, other]]) {
      const { supergraphSdl, errors } = composeServices(services);
      expect(errors).toBeUndefined();
      expect(supergraphSdl).toContain('type Conversation');
    }
  });
});
