import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';

import { NotFoundError, TypedError } from '../../src/errors.ts';
import { createOwnership } from '../../src/execution-contexts/ownership.ts';
import type { ResolveIdentity } from '../../src/identity/identity.ts';
import { expectEqual, withStore } from './both-ways.ts';
import { ask, create, list, read, remove, update } from './cases.ts';
import { decideLater, identityOf } from './listening-side.ts';
import { breakages } from './memory-api.ts';

const bug = new TypeError('secret internals');
const throwing = (error: unknown) => () => {
  throw error;
};
const rejecting = (error: unknown) => async () => {
  throw error;
};

/** An error of no kind that the schema knows. */
class Unforeseen extends TypedError {
  readonly code = 'CONFLICT';
}

const readOne = ask(read, { id: 'ctx_1' });
const several = ask(`{
  a: executionContext(id: "missing") { __typename } b: executionContext(id: "ctx_1") { __typename }
  c: executionContext(id: "ctx_2") { __typename } d: executionContexts { __typename } }`);

describe('a bug is told both ways alike, and once, where a store', () => {
  it.each([
    ['rejects', rejecting(bug)],
    ['throws', throwing(bug)],
    ['rejects with text', rejecting('secret internals')],
    ['throws text', throwing('secret internals')],
    ['rejects with nothing', rejecting(undefined)],
    ['resolves with nothing', async () => undefined],
    ['resolves with null', async () => null],
    ['resolves with a bug', async () => bug],
    ['rejects with an error of no kind', rejecting(new Unforeseen('secret internals'))],
  ])('%s', async (_name, fetch) => {
    for (const request of [readOne, several]) {
      const { response, bugs } = await expectEqual(withStore({ fetch }), request);
      expect(response?.body).toContain('Unexpected error.');
      expect(response?.body).not.toContain('secret');
      expect(bugs).toHaveLength(1);
    }
  });

  it('does any of that with a write', async () => {
    const inputs = { id: 'ctx_1', input: { context: 1 } };
    for (const call of [rejecting(bug), throwing(bug), async () => null]) {
      const parts = withStore({ update: call, create: call, list: call });
      for (const request of [
        ask(update, inputs),
        ask(create, { input: { agentId: 'a' } }),
        ask(list),
      ]) {
        expect((await expectEqual(parts, request)).bugs).toHaveLength(1);
      }
    }
    expect(
      (await expectEqual(withStore({ delete: rejecting(bug) }), ask(remove, { id: 'ctx_1' }))).bugs,
    ).toHaveLength(1);
  });

  it('fails in one mutation of several: no later one is run', async () => {
    const field = (id: string) =>
      `updateExecutionContext(id: "${id}", input: { context: 1 }) { __typename }`;
    const request = ask(
      `mutation { a: ${field('ctx_1')} b: ${field('late-bug')} c: ${field('ctx_2')} }`,
    );
    const { upstream, bugs } = await expectEqual({}, request);
    expect(upstream.map(({ path }) => path.split('/').pop())).toEqual(['ctx_1', 'late-bug']);
    expect(bugs).toHaveLength(1);
  });
});

describe('both ways are one where a store', () => {
  it.each([
    [
      'an error that the schema knows, though it resolves',
      async () => new NotFoundError('No.', 'x'),
    ],
    ['an error that is meant for the client', rejecting(raised())],
    ['an error that has a place of its own', rejecting(raised({ path: ['elsewhere', 1] }))],
    [
      'an error with a header that cannot be sent',
      rejecting(
        new GraphQLError('Raised.', { extensions: { http: { headers: { 'x-raised': 'é☕' } } } }),
      ),
    ],
    ['an error made of another', rejecting(raised({ originalError: bug }))],
    ['a number', async () => 42],
  ])('answers with %s', async (_name, fetch) => {
    await expectEqual(withStore({ fetch }), readOne);
    await expectEqual(withStore({ fetch }), several);
  });

  it.each(Object.keys(breakages))('gets a context wrong: %s', async (id) => {
    const fields = '__typename id agentId workflowId sessionId createdAt context';
    for (const query of [
      `query ($id: ID!) { executionContext(id: $id) { ... on AiExecutionContext { ${fields} } } }`,
      `query ($id: ID!) { executionContext(id: $id) { ... on AiExecutionContext { workflowId a: createdAt } }
        b: executionContext(id: $id) { ... on AiExecutionContext { sessionId context } } }`,
      `query ($id: ID!) { executionContexts(agentId: $id) { ... on ExecutionContextPage { items { ${fields} } hasMore } } }`,
      `query ($id: ID!) { executionContexts(agentId: $id) { ... on ExecutionContextPage { items { version } more: items { id } } } }`,
      `mutation ($id: ID!) { a: updateExecutionContext(id: $id, input: { sessionId: "s" }) { ... on AiExecutionContext { ...F } }
        b: updateExecutionContext(id: "ctx_1", input: { sessionId: "s" }) { ... on AiExecutionContext { ...F } } }
        fragment F on AiExecutionContext { ${fields} version }`,
    ]) {
      await expectEqual({}, ask(query, { id }));
    }
  });

  it.each([
    ['no list', { items: 'items', hasMore: true }],
    ['nothing', {}],
    ['holes', { items: [null, undefined], hasMore: 1 }],
  ])('gets a page wrong: %s', async (_name, page) => {
    const parts = withStore({ list: async () => page });
    const ownership = createOwnership({ isAdministrator: () => true });
    await expectEqual(
      {
        ...parts,
        executionContexts: {
          ...parts.executionContexts,
          ownership: { ...ownership, mayTouch: () => true },
        },
      },
      ask(list),
    );
  });
});

describe('both ways are one where', () => {
  it.each([
    ['identity throws', { resolveIdentity: onceKnown(throwing(bug)) }],
    ['identity rejects', { resolveIdentity: onceKnown(rejecting(bug)) }],
    ['limits throw', { limits: () => ({ consume: throwing(bug) }) }],
    ['limits reject', { limits: () => ({ consume: rejecting(bug) }) }],
    ['limits are decided later', { limits: decideLater }],
    ['a listener throws', { onResult: throwing(bug) }],
    [
      'the rule of ownership throws',
      {
        executionContexts: {
          ownership: { ...createOwnership({ isAdministrator: () => true }), check: throwing(bug) },
        },
      },
    ],
  ] as const)('%s', async (_name, parts) => {
    for (const request of [
      readOne,
      several,
      ask(read, { id: '' }),
      ask(update, { id: 'ctx_1', input: {} }),
    ]) {
      await expectEqual(parts, request);
    }
  });
});

/** Tells who is calling, but for the second call. */
function onceKnown(fail: () => never | Promise<never>): ResolveIdentity {
  return (authorization) =>
    authorization === 'Bearer admin-again' ? fail() : identityOf(authorization);
}

function raised(options: object = {}): GraphQLError {
  const http = { status: 418, headers: { 'x-raised': 'yes', 'Cache-Control': 'no-store' } };
  return new GraphQLError('Raised on purpose.', {
    extensions: { code: 'RAISED', http },
    ...options,
  });
}
