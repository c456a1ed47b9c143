import { spawnSync } from 'node:child_process';
import perfHooks from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import * as face from '../src/index.ts';
import type { ExecutionContextStore, GatewayOptions } from '../src/index.ts';
import { startIssuer, type Issuer } from './support/issuer.ts';
import { createGate } from './support/upstream-gate.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const update = /* GraphQL */ `
  mutation {
    updateExecutionContext(id: "ctx_123", input: { context: { progress: 75 } }) {
      __typename
      ... on AiExecutionContext {
        id
        context
      }
    }
  }
`;

const updated = {
  data: {
    updateExecutionContext: {
      __typename: 'AiExecutionContext',
      id: 'ctx_123',
      context: { progress: 75 },
    },
  },
};

const stored = {
  id: 'ctx_123',
  agentId: null,
  workflowId: null,
  userId: 'alice',
  sessionId: null,
  context: null,
  createdAt: null,
};

describe('createGateway', () => {
  let issuer: Issuer;
  let upstream: Upstream;
  beforeAll(async () => {
    [issuer, upstream] = await Promise.all([startIssuer(), startUpstream()]);
    upstream.seed({ id: 'ctx_123', user_id: 'alice' });
  });
  afterAll(() => Promise.all([issuer.close(), upstream.close()]));

  function create(options: Partial<GatewayOptions> = {}): face.Gateway {
    return face.createGateway({
      upstream: { url: upstream.url, apiKey: 'test-api-key' },
      identity: { issuer: issuer.url },
      ...options,
    });
  }

  async function operation(query: string, path = '/graphql', sub = 'alice'): Promise<Request> {
    return new Request(`http://gateway${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await issuer.token({ sub })}`,
      },
      body: JSON.stringify({ query }),
    });
  }

  it('answers operations with an API and an issuer, and nothing else given', async () => {
    const gateway = create();
    const response = await gateway.fetch(await operation(update));
    expect(await response.json()).toEqual(updated);
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    await gateway.close();
  });

  it('has all it takes to put the gateway in front of storage of one’s own', async () => {
    const store: Pick<ExecutionContextStore, 'deadline' | 'fetch' | 'update'> = {
      deadline: () => Infinity,
      fetch: async () => stored,
      update: async (_id, { context }) => ({ ...stored, context }),
    };
    const gateway = create({
      upstream: {
        store: store as ExecutionContextStore,
        ownership: face.createOwnership({ isAdministrator: () => false }),
      },
    });
    const response = await gateway.fetch(await operation(update));
    expect(await response.json()).toEqual(updated);
  });

  it('asks storage of one’s own on behalf of each who watches, where it decides who may', async () => {
    const store: Pick<ExecutionContextStore, 'deadline' | 'fetch'> = {
      deadline: () => Infinity,
      async fetch(_id, behalf) {
        const [, claims = ''] = behalf.revealToken()?.split('.') ?? [];
        const { sub } = JSON.parse(Buffer.from(claims, 'base64url').toString() || '{}') as {
          sub?: string;
        };
        if (sub === 'bob') throw new face.ForbiddenError('Not yours.');
        return stored;
      },
    };
    const gateway = create({
      upstream: {
        store: store as ExecutionContextStore,
        ownership: face.createForwardedOwnership(),
      },
    });
    const subscription = `subscription {
      executionContextUpdated(id: "ctx_123") { __typename }
    }`;
    const firstEvent = async (sub: string) => {
      const response = await gateway.fetch(await operation(subscription, '/graphql', sub));
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const { value } = (await reader?.read()) ?? {};
      return value;
    };
    expect(await firstEvent('alice')).toContain('"AiExecutionContext"');
    expect(await firstEvent('bob')).toContain('"ExecutionContextForbiddenError"');
    await gateway.close();
  });

  it('knows callers by a function of one’s own, and counts limits in a store of one’s own', async () => {
    const charged: string[] = [];
    const gateway = create({
      identity: () => ({
        kind: 'anonymous',
        error: new face.AuthenticationError('Nobody is known here.'),
      }),
      rateLimitStore: {
        consume({ user }) {
          charged.push(user);
          return { admitted: true, retryAfterMs: 0, refusedBy: null, windows: [] };
        },
      },
    });
    const query = update.replace('__typename', '... on ExecutionContextError { message }');
    const response = await gateway.fetch(await operation(query));
    expect(await response.json()).toEqual({
      data: { updateExecutionContext: { message: 'Nobody is known here.' } },
    });
    expect(charged).toEqual([]);
    await gateway.close();
  });

  it.each(['Basic YWxpY2U6c2VjcmV0', null])(
    'asks an API that gets tokens without one, where a caller known otherwise has none: %s',
    async (authorization) => {
      const user = { id: 'alice', sessionId: null, organization: null, workspace: null };
      const permissions = { organizationPermissions: [], workspacePermissions: [] };
      const gateway = create({
        upstream: { url: upstream.url },
        identity: () => ({
          kind: 'user',
          user: { ...user, ...permissions, expiresAtMs: Infinity },
        }),
        metrics: true,
      });
      upstream.clear();
      const request = await operation(update);
      if (authorization === null) request.headers.delete('authorization');
      else request.headers.set('authorization', authorization);
      expect(await (await gateway.fetch(request)).json()).toEqual(updated);
      const sent = upstream.requests.map(({ headers }) => headers.authorization);
      expect(new Set(sent)).toEqual(new Set([undefined]));
      const metrics = await gateway.fetch(new Request('http://gateway/metrics'));
      expect(await metrics.text()).toContain('gateway_upstream_calls_in_flight 0\n');
      await gateway.close();
    },
  );

  it.each([
    ['says its length', true],
    ['is streamed', false],
  ])('refuses a body beyond its limit that %s', async (_, saysLength) => {
    const gateway = create({ maxBodyBytes: 200 });
    const body = JSON.stringify({ query: `{ __typename } #${'x'.repeat(300)}` });
    const request = new Request('http://gateway/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(saysLength && { 'content-length': String(body.length) }),
      },
      body: saysLength ? body : new Blob([body]).stream(),
      ...(!saysLength && { duplex: 'half' }),
    });
    const response = await gateway.fetch(request);
    expect(response.status).toBe(413);
    expect(await response.json()).toEqual({
      errors: [
        {
          message: 'The request body is larger than 200 bytes.',
          extensions: { code: 'PAYLOAD_TOO_LARGE' },
        },
      ],
    });
    await gateway.close();
  });

  it('answers probes and metrics, and logs, where asked', async () => {
    let logged = '';
    const destination = { write: (line: string) => void (logged += line) };
    const gateway = create({
      endpoint: '/api/graphql',
      probes: true,
      metrics: true,
      logger: face.createLogger({ level: 'info', destination }),
    });
    await gateway.fetch(await operation(update, '/api/graphql'));
    const get = (path: string) => gateway.fetch(new Request(`http://gateway${path}`));
    expect((await get('/health')).status).toBe(200);
    expect([200, 503]).toContain((await get('/ready')).status);
    expect(await (await get('/metrics')).text()).toMatch(
      /^gateway_\w*requests?\w*\{.*operation="mutation".*\} 1$/m,
    );
    const lines = logged.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({
        msg: 'request',
        path: '/api/graphql',
        status: 200,
        operation: 'mutation',
        results: { AiExecutionContext: 1 },
      }),
    );
    await gateway.close();
  });

  it.each([
    ['the key of the gateway', 'test-api-key'],
    ["its caller's token", null],
  ])('streams changes read with %s, and ends streams when it is closed', async (_, apiKey) => {
    const gateway = create({ upstream: { url: upstream.url, apiKey }, metrics: true });
    const stream = await gateway.fetch(
      await operation('subscription { executionContextUpdated(id: "ctx_123") { __typename } }'),
    );
    const events = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: next')) text += (await events?.read())?.value ?? '';
    expect(text).toContain(
      '{"data":{"executionContextUpdated":{"__typename":"AiExecutionContext"}}}',
    );
    const metrics = await gateway.fetch(new Request('http://gateway/metrics'));
    expect(await metrics.text()).toContain('gateway_streams_open 1');
    const closing = gateway.close();
    expect(await events?.read()).toEqual({ done: true, value: undefined });
    await closing;
  });

  it('releases a stream whose result cannot be written, and leaves no timer behind', async () => {
    let isReturned = false;
    const unwritable: NonNullable<GatewayOptions['plugins']>[number] = {
      onSubscribe({ setSubscribeFn }) {
        setSubscribeFn(async function* () {
          try {
            for (;;) yield { data: { number: 1n } };
          } finally {
            isReturned = true;
          }
        });
      },
    };
    const gateway = create({ plugins: [unwritable] });
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const response = await gateway.fetch(
        await operation('subscription { executionContextUpdated(id: "ctx_123") { __typename } }'),
      );
      await expect(response.text()).rejects.toThrow('BigInt');
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect(isReturned).toBe(true);
    await gateway.close();
  });

  it('finishes what is under way when it is closed', async () => {
    const gateway = create();
    const gate = createGate();
    upstream.next(gate.hold());
    // Of two calls of the API, the second is yet to begin.
    const update = `mutation { updateExecutionContext(id: "ctx_123", input: { context: 1 }) { __typename } }`;
    const answering = gateway.fetch(await operation(update));
    await gate.reached(1);
    const closing = gateway.close();
    gate.open();
    const response = await answering;
    expect(await response.json()).toEqual({
      data: { updateExecutionContext: { __typename: 'AiExecutionContext' } },
    });
    await closing;
  });

  it('makes up one id a request: the response, the log and the API get the same', async () => {
    let logged = '';
    const destination = { write: (line: string) => void (logged += line) };
    const logger = face.createLogger({ level: 'info', destination });
    const gateway = create({ probes: true, maxBodyBytes: 1_000, logger });
    const headers = { 'content-type': 'application/json' };
    const head = { method: 'POST', headers, duplex: 'half' };
    const broken = new ReadableStream({
      pull: (controller) => {
        controller.error(new Error('The stream broke.'));
      },
    });
    const requests = [
      await operation(update),
      new Request('http://gateway/health'),
      new Request('http://gateway/health', { method: 'POST' }),
      new Request('http://gateway/nothing'),
      new Request('http://gateway/graphql', { ...head, body: ' '.repeat(1_001) }),
      new Request('http://gateway/graphql', { ...head, body: broken }),
    ];
    const statuses: number[] = [];
    for (const request of requests) {
      logged = '';
      upstream.clear();
      const response = await gateway.fetch(request);
      const { status } = response;
      const requestId = response.headers.get('x-request-id');
      statuses.push(status);
      const lines = logged.match(/.*"requestId".*/g) ?? [];
      expect(lines.length).toBe(status === 500 ? 2 : 1);
      for (const line of lines) {
        expect(JSON.parse(line)).toMatchObject({ requestId });
      }
      for (const call of upstream.requests.filter(({ method }) => method === 'PUT')) {
        expect(call.headers['x-request-id']).toBe(requestId);
      }
    }
    expect(statuses).toEqual([200, 200, 405, 404, 413, 500]);
    await gateway.close();
  });

  it.each([
    ['not at all without metrics', false, 0],
    ['once for all gateways with metrics', true, 1],
  ])('observes the process %s, however many are created and closed', async (_, shown, most) => {
    const observing = vi.spyOn(perfHooks.PerformanceObserver.prototype, 'observe');
    const monitoring = vi.spyOn(perfHooks, 'monitorEventLoopDelay');
    for (let i = 0; i < 20; i += 1) await create({ metrics: shown }).close();
    expect(observing.mock.calls.length).toBeLessThanOrEqual(most);
    expect(monitoring.mock.calls.length).toBeLessThanOrEqual(most);
    vi.restoreAllMocks();
    const gateway = create({ metrics: shown });
    const metrics = await gateway.fetch(new Request('http://gateway/metrics'));
    expect((await metrics.text()).includes('\nnodejs_eventloop_lag_p99_seconds ')).toBe(shown);
    await gateway.close();
  });

  it('answers nothing but GraphQL unless asked', async () => {
    const gateway = create();
    for (const path of ['/', '/health', '/ready', '/metrics', '/graphqlx']) {
      const response = await gateway.fetch(new Request(`http://gateway${path}`));
      expect([path, response.status]).toEqual([path, 404]);
    }
    await gateway.close();
  });
});

describe('the package', () => {
  it('opens nothing when imported: a process that does no more ends by itself', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--eval', "import('./src/index.ts')"],
      { encoding: 'utf8', timeout: 15_000 },
    );
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('exports what embedding takes, and no more', () => {
    expect(Object.keys(face).sort()).toEqual([
      'AuthenticationError',
      'ConflictError',
      'ForbiddenError',
      'InputError',
      'JsonText',
      'NotFoundError',
      'RateLimitError',
      'TypedError',
      'UpstreamError',
      'createForwardedOwnership',
      'createGateway',
      'createLogger',
      'createOwnership',
    ]);
  });
});
