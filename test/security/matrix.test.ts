import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { createClock } from '../support/clock.ts';
import { askField, fields, mutationOf, queryOf } from '../support/fields.ts';
import { adminPermission, startTestGateway, type TestGateway } from '../support/gateway.ts';
import type { Issuer } from '../support/issuer.ts';
import { refusedTokens, type RefusedToken } from '../support/refused-tokens.ts';

/** The context that is touched: of alice's, and the only one of its agent. */
interface Target {
  readonly id: string;
  readonly agentId: string;
}

const operations = {
  read: ({ id }: Target) => queryOf(fields.read(id)),
  list: ({ agentId }: Target) => queryOf(fields.list(agentId)),
  update: ({ id }: Target) => mutationOf(fields.update(id)),
  create: () => mutationOf(fields.create('alice')),
  delete: ({ id }: Target) => mutationOf(fields.delete(id)),
} as const;
type OperationName = keyof typeof operations;
const operationNames = Object.keys(operations) as OperationName[];

const clock = createClock();
let gateway: TestGateway;
let target: Target;
let targets = 0;

/** The issuer, whose tokens are for this gateway unless they say otherwise. */
let issuer: Issuer;

beforeAll(async () => {
  gateway = await startTestGateway({
    clock,
    env: { JWT_AUDIENCE: 'gateway', ADMIN_ORGANIZATION: 'acme' },
  });
  const mint = gateway.issuer;
  issuer = {
    ...mint,
    token: (claims, header) => mint.token({ aud: 'gateway', ...claims }, header),
  };
});
afterAll(() => gateway.close());

beforeEach(() => {
  targets += 1;
  target = { id: `ctx_${targets}`, agentId: `agent_${targets}` };
  gateway.upstream.seed({ id: target.id, agent_id: target.agentId, user_id: 'alice' });
  gateway.upstream.clear();
});
afterEach(() => {
  // Past every limit's window, and past the one that fetches for unknown keys are counted in.
  clock.advance(60_000);
});

async function call(operation: OperationName, token?: string) {
  return askField(gateway, operations[operation](target), token === undefined ? {} : { token });
}

/** What reached the API, in order. */
const asked = () => gateway.upstream.requests.map(({ method }) => method);

describe.each(operationNames)('%s without a token', (operation) => {
  it('is refused, and nothing reaches the API', async () => {
    expect(await call(operation)).toMatchObject({
      __typename: 'ExecutionContextAuthenticationError',
      code: 'UNAUTHENTICATED',
      message: expect.stringMatching(/no session token/) as string,
    });
    expect(asked()).toEqual([]);
  });
});

describe.each([
  ['expired', /has expired/],
  ['not yet valid', /not valid yet/],
  ['wrong issuer', /another issuer/],
  ['wrong audience', /another audience/],
  ['unknown kid', /does not publish/],
  ['signed by a key of their own under a known kid', /signature .* not valid/],
  ['tampered payload', /signature .* not valid/],
  ['no signature', /signature .* not valid/],
  ['alg none', /algorithm that is not accepted/],
  ['alg none with the kid and signature of another', /algorithm that is not accepted/],
  ['HS256 signed with the public key', /algorithm that is not accepted/],
  ['empty sub', /names no user/],
  ['no sub', /names no user/],
  ['no exp', /"exp" claim is missing/],
  ['no JSON Web Token', /not a well-formed/],
] as const satisfies readonly (readonly [RefusedToken, RegExp])[])(
  'a token of the kind "%s"',
  (kind, reason) => {
    it.each(operationNames)('is refused for %s, and nothing reaches the API', async (operation) => {
      expect(await call(operation, await refusedTokens[kind](issuer))).toMatchObject({
        __typename: 'ExecutionContextAuthenticationError',
        code: 'UNAUTHENTICATED',
        message: expect.stringMatching(reason) as string,
      });
      expect(asked()).toEqual([]);
    });
  },
);

const callers = {
  'the owner': { sub: 'alice' },
  'another user': { sub: 'bob' },
  'an administrator': {
    sub: 'root',
    organization: 'acme',
    organization_permissions: [adminPermission],
  },
  'an administrator of another organization': {
    sub: 'stranger',
    organization: 'umbrella',
    organization_permissions: [adminPermission],
  },
  'one with the permission and no organization': {
    sub: 'nobody',
    workspace_permissions: [adminPermission],
  },
} as const;

const context = { __typename: 'AiExecutionContext', userId: 'alice' };
const created = { __typename: 'AiExecutionContext', userId: 'alice' };
const forbidden = { __typename: 'ExecutionContextForbiddenError', code: 'FORBIDDEN' };
const emptyPage = { __typename: 'ExecutionContextPage', items: [], hasMore: false };
const fullPage = () => ({
  __typename: 'ExecutionContextPage',
  items: [{ id: target.id }],
  hasMore: false,
});
const deleted = () => ({ __typename: 'DeletedExecutionContext', deletedId: target.id });

/** What each operation answers, and what reaches the API for it: a refused write never does. */
type Row = Record<OperationName, readonly [object | (() => object), readonly string[]]>;

const admitted: Row = {
  read: [context, ['GET']],
  list: [fullPage, ['GET']],
  update: [context, ['GET', 'PUT']],
  create: [created, ['POST']],
  delete: [deleted, ['GET', 'DELETE']],
};
/** An administrator may touch every context, so nobody asks for its owner. */
const administrator: Row = {
  ...admitted,
  update: [context, ['PUT']],
  delete: [deleted, ['DELETE']],
};
const refused: Row = {
  read: [forbidden, ['GET']],
  list: [emptyPage, ['GET']],
  update: [forbidden, ['GET']],
  create: [forbidden, []],
  delete: [forbidden, ['GET']],
};

describe.each([
  ['the owner', admitted],
  ['another user', refused],
  ['an administrator', administrator],
  ['an administrator of another organization', refused],
  ['one with the permission and no organization', refused],
] as const)('%s', (caller, row) => {
  it.each(operationNames)('who asks for %s gets what is theirs', async (operation) => {
    const [expected, reached] = row[operation];
    const token = await issuer.token({ sid: undefined, ...callers[caller] });
    expect(await call(operation, token)).toMatchObject(
      typeof expected === 'function' ? expected() : expected,
    );
    expect(asked()).toEqual(reached);
  });
});
