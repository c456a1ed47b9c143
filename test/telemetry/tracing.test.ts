import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import * as openTelemetry from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  StackContextManager,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { createGateway, type RateLimitStore } from '../../src/index.ts';
import { watch } from '../live/streams.ts';
import {
  startCollector,
  treesOf,
  type CollectedSpan,
  type Collector,
} from '../support/collector.ts';
import { fields, mutationOf, queryOf } from '../support/fields.ts';
import { apiKey, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { startReplica, type Replica } from '../support/replica.ts';
import { hangUp, reply } from '../support/upstream-faults.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const clientSpanId = 'b7ad6b7169203331';
const traceparent = (flags: string) => `00-${traceId}-${clientSpanId}-${flags}`;

const limit = { name: 'rate limit' };
const exchange = (method: string) => ({ name: `${method} /ai-execution-context/{id}` });

let collector: Collector;
let gateway: TestGateway;
let token: string;

async function start(env: Readonly<Record<string, string>> = {}): Promise<void> {
  gateway = await startTestGateway({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, LIVE_POLL_MS: '0', ...env },
  });
  gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: { secret: 'context-value' } });
  token = await gateway.tokenOf('alice');
}

/** What was exported once the gateway has closed, which sends the rest. */
async function collected(): Promise<readonly CollectedSpan[]> {
  await gateway.close();
  return collector.spans;
}

const named = (spans: readonly CollectedSpan[], name: string) =>
  spans.filter((span) => span.name === name);
const exchangesOf = (spans: readonly CollectedSpan[]) =>
  spans.filter(({ kind }) => kind === 'client');

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());

describe('a trace', () => {
  it('has the request, the operation, its limit and its exchange, by either way', async () => {
    await start();
    const document = `query Read${queryOf(fields.read('ctx_1')).slice('query'.length)}`;
    await gateway.ask(document, {}, { token });
    // The second time it has a plan.
    await gateway.ask(document, {}, { token });
    const spans = await collected();
    const tree = {
      name: 'POST /graphql',
      below: [{ name: 'Query.executionContext', below: [limit, exchange('GET')] }],
    };
    expect(treesOf(spans)).toEqual([tree, tree]);
    const operation = { 'graphql.operation.type': 'query', 'graphql.operation.name': 'Read' };
    const { hostname, port } = new URL(gateway.upstream.url);
    for (const request of named(spans, 'POST /graphql')) {
      expect(request).toMatchObject({ kind: 'server', failed: false, parentSpanId: '' });
      expect(request.attributes).toEqual({
        ...operation,
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'http.route': '/graphql',
        'url.path': '/graphql',
        'url.scheme': 'http',
        'gateway.request_id': expect.stringMatching(/^[\w-]{36}$/) as string,
      });
    }
    for (const { attributes } of named(spans, 'Query.executionContext')) {
      expect(attributes).toEqual(operation);
    }
    for (const { attributes } of named(spans, limit.name)) {
      expect(attributes).toEqual({
        'gateway.rate_limit.group': 'read',
        'gateway.rate_limit.verdict': 'admitted',
      });
    }
    for (const { attributes } of exchangesOf(spans)) {
      expect(attributes).toEqual({
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'server.address': hostname,
        'server.port': Number(port),
        'url.template': '/ai-execution-context/{id}',
      });
    }
  });

  it('has the read that tells the owner, and the write', async () => {
    await start();
    await gateway.ask(mutationOf(fields.update('ctx_1')), {}, { token });
    expect(treesOf(await collected())).toEqual([
      {
        name: 'POST /graphql',
        below: [
          {
            name: 'Mutation.updateExecutionContext',
            below: [limit, exchange('GET'), exchange('PUT')],
          },
        ],
      },
    ]);
  });

  it('has an exchange for each attempt', async () => {
    await start();
    gateway.upstream.next(reply(503), hangUp());
    await gateway.ask(queryOf(fields.read('ctx_1')), {}, { token });
    const exchanges = exchangesOf(await collected());
    expect(exchanges).toMatchObject([
      { failed: true, attributes: { 'error.type': '503', 'http.response.status_code': 503 } },
      { failed: true, attributes: { 'error.type': 'connection', 'http.request.resend_count': 1 } },
      { failed: false, attributes: { 'http.request.resend_count': 2 } },
    ]);
    expect(exchanges[0]?.attributes).not.toHaveProperty('http.request.resend_count');
    expect(new Set(exchanges.map(({ parentSpanId }) => parentSpanId)).size).toBe(1);
  });

  it('ends at the limit where that refuses', async () => {
    await start();
    const reads = Array.from({ length: 21 }, () => fields.read('ctx_1'));
    await gateway.ask(queryOf(...reads), {}, { token });
    const spans = await collected();
    const refused = spans.filter(({ attributes }) => attributes['error.type'] === 'RATE_LIMITED');
    expect(refused).toMatchObject([{ name: 'Query.executionContext', failed: false }]);
    const below = spans.filter(({ parentSpanId }) => parentSpanId === refused[0]?.spanId);
    expect(below).toMatchObject([
      { name: 'rate limit', attributes: { 'gateway.rate_limit.verdict': 'refused' } },
    ]);
    expect(named(spans, 'Query.executionContext')).toHaveLength(21);
    // Equal ids share one read, whoever of them began it.
    expect(exchangesOf(spans)).toHaveLength(1);
  });

  it.each([
    ['an error of the API', () => reply(500), 'ctx_1', 'UPSTREAM_FAILED', true],
    ['what the caller has to be told', null, 'ctx_2', 'NOT_FOUND', false],
  ])('tells the code of %s', async (_, answer, id, code, failed) => {
    await start();
    if (answer !== null) gateway.upstream.always(answer());
    await gateway.ask(queryOf(fields.read(id)), {}, { token });
    const spans = await collected();
    const [operation] = named(spans, 'Query.executionContext');
    expect(operation).toMatchObject({ failed, attributes: { 'error.type': code } });
    expect(named(spans, 'POST /graphql')).toMatchObject([{ failed: false }]);
  });

  it('has requests that are refused, and not those of the probes', async () => {
    await start();
    await fetch(`${gateway.url}/ready`);
    await fetch(`${gateway.url}/graphql/secret-path?secret=query`, { method: 'PUT', body: '{}' });
    expect((await collected()).map(({ name, attributes }) => [name, attributes])).toEqual([
      [
        'PUT /graphql/*',
        expect.objectContaining({ 'url.path': '/graphql/*', 'http.response.status_code': 404 }),
      ],
    ]);
    expect(collector.exports[0]?.body.toString('latin1')).not.toContain('secret');
  });

  it('holds no token, key, user, id or value of a context', async () => {
    await start();
    const document = `mutation Update($id: ID!, $context: JSON) {
      updateExecutionContext(id: $id, input: { context: $context }) { __typename }
      literal: updateExecutionContext(id: "ctx_1", input: { sessionId: "session-literal" }) { __typename }
    }`;
    const variables = { id: 'ctx_1', context: { a: 'variable-value' } };
    await gateway.ask(document, variables, { token });
    await gateway.ask(document, variables, { token });
    await gateway.ask(queryOf(fields.list('agent-literal')), {}, { token });
    expect(exchangesOf(await collected()).length).toBeGreaterThan(4);
    const sent = Buffer.concat(collector.exports.map(({ body }) => body)).toString('latin1');
    expect(sent).toContain('Mutation.updateExecutionContext');
    const [, claims = '', signature = ''] = token.split('.');
    const secrets = [claims, signature, apiKey, 'alice', 'ctx_1', 'context-value'];
    const asked = ['variable-value', 'session-literal', 'agent-literal'];
    expect([...secrets, ...asked].filter((secret) => sent.includes(secret))).toEqual([]);
  });
});

describeWithRedis('with Redis', () => {
  it('has the limit that Redis has decided on', async () => {
    const redis = await startRedis();
    await start({ REDIS_URL: redis.url });
    await gateway.ask(queryOf(fields.read('ctx_1')), {}, { token });
    const spans = await collected();
    await redis.close();
    const below = [limit, exchange('GET')];
    expect(treesOf(spans)).toEqual([
      { name: 'POST /graphql', below: [{ name: 'Query.executionContext', below }] },
    ]);
  });
});

describe('the client’s trace', () => {
  const ask = (flags: string) =>
    gateway.ask(
      queryOf(fields.read('ctx_1')),
      {},
      { token, headers: { traceparent: traceparent(flags), tracestate: 'vendor=1' } },
    );

  it('has the request below its span, and goes on to the API below the exchange', async () => {
    await start();
    await ask('01');
    const spans = await collected();
    const [request] = named(spans, 'POST /graphql');
    expect(request).toMatchObject({ traceId, parentSpanId: clientSpanId, traceState: 'vendor=1' });
    const [call] = exchangesOf(spans);
    expect(gateway.upstream.requests[0]?.headers).toMatchObject({
      traceparent: `00-${traceId}-${call?.spanId ?? ''}-01`,
      tracestate: 'vendor=1',
    });
  });

  it('is not recorded where the client does not record it, and goes on all the same', async () => {
    await start();
    await ask('00');
    expect(await collected()).toEqual([]);
    const { traceparent: sent = '' } = gateway.upstream.requests[0]?.headers ?? {};
    expect(sent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect(sent).not.toContain(clientSpanId);
  });

  it.each([
    ['always_off', undefined, '01', 0],
    ['always_on', undefined, '00', 1],
    ['traceidratio', '0', '01', 0],
    ['parentbased_traceidratio', '0', '01', 1],
    ['parentbased_always_off', undefined, '01', 1],
  ])('with OTEL_TRACES_SAMPLER=%s %s and the flags %s', async (sampler, ratio, flags, requests) => {
    await start({
      OTEL_TRACES_SAMPLER: sampler,
      ...(ratio !== undefined && { OTEL_TRACES_SAMPLER_ARG: ratio }),
    });
    await ask(flags);
    expect(named(await collected(), 'POST /graphql')).toHaveLength(requests);
  });

  it('goes upstream as it came where nothing is traced', async () => {
    await start({ OTEL_TRACES_EXPORTER: 'none' });
    await ask('01');
    expect(await collected()).toEqual([]);
    expect(gateway.upstream.requests[0]?.headers).toMatchObject({ traceparent: traceparent('01') });
  });
});

describe('a stream', () => {
  it.each(['by Yoga', 'by its plan'])('of events is one request until it ends: %s', async (way) => {
    await start({ UPSTREAM_AUTH: 'forward' });
    if (way === 'by its plan') {
      const first = await watch(gateway.url, 'ctx_1', { token });
      await first.next();
      first.leave();
      await expect.poll(() => gateway.logs()).toContain('"status":499');
    }
    const reader = await watch(gateway.url, 'ctx_1', { token });
    await reader.next();
    gateway.upstream.on('GET', /ctx_1/, reply(404));
    await gateway.ask(
      'mutation { deleteExecutionContext(id: "ctx_1") { __typename } }',
      {},
      { token },
    );
    await reader.rest();
    const spans = await collected();
    const streams = named(spans, 'POST /graphql').filter(
      ({ attributes }) => attributes['graphql.operation.type'] === 'subscription',
    );
    const last = streams.at(-1);
    expect(last).toMatchObject({
      attributes: { 'graphql.operation.name': 'Watch', 'http.response.status_code': 200 },
    });
    if (way === 'by its plan') {
      expect(streams[0]).toMatchObject({ failed: false, attributes: { 'error.type': 'canceled' } });
    }
    const trees = treesOf(spans.filter((span) => span.traceId === last?.traceId));
    expect(trees).toMatchObject([
      {
        name: 'POST /graphql',
        below: [
          { name: 'Subscription.executionContextUpdated', below: [limit, exchange('GET'), {}] },
        ],
      },
    ]);
  });

  it('over WebSocket has a span for each operation, below the handshake’s trace', async () => {
    await start();
    const url = `${gateway.url.replace('http', 'ws')}/graphql`;
    class WithTrace extends WebSocket {
      constructor(address: string, protocols: string[]) {
        super(address, protocols, { headers: { traceparent: traceparent('01') } });
      }
    }
    const connectionParams = { authorization: `Bearer ${token}` };
    const client = createClient({ url, webSocketImpl: WithTrace, connectionParams });
    const documents = [queryOf(fields.read('ctx_1')), mutationOf(fields.update('ctx_1'))];
    for (const query of [...documents, ...documents]) {
      for await (const result of client.iterate({ query })) expect(result.data).toBeDefined();
    }
    const stream = client.iterate({
      query: 'subscription { executionContextUpdated(id: "ctx_1") { __typename } }',
    });
    await stream.next();
    await stream.return?.();
    await client.dispose();
    const spans = await collected();
    const read = { name: 'Query.executionContext', below: [limit, exchange('GET')] };
    const below = (name: string, calls: readonly object[]) => ({
      name: 'WEBSOCKET /graphql',
      below: [{ name, below: [limit, ...calls] }],
    });
    const update = 'Mutation.updateExecutionContext';
    expect(treesOf(spans)).toEqual([
      below(read.name, [exchange('GET')]),
      // The read before has told who owns it.
      below(update, [exchange('PUT')]),
      below(read.name, [exchange('GET')]),
      below(update, [exchange('PUT')]),
      // What is read for all who watch is part of no one’s request.
      below('Subscription.executionContextUpdated', []),
    ]);
    expect(named(spans, 'WEBSOCKET /graphql').map(({ attributes }) => attributes)).toMatchObject(
      ['query', 'mutation', 'query', 'mutation', 'subscription'].map((type) => ({
        'graphql.operation.type': type,
        'network.protocol.name': 'websocket',
        'url.path': '/graphql',
      })),
    );
    expect(named(spans, 'WEBSOCKET /graphql').every(({ kind }) => kind === 'server')).toBe(true);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  });
});

describe('an embedded gateway', () => {
  const exporter = new InMemorySpanExporter();
  afterEach(async () => {
    exporter.reset();
    openTelemetry.trace.disable();
    openTelemetry.context.disable();
    await gateway.close();
  });

  function register(): void {
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
    });
    openTelemetry.trace.setGlobalTracerProvider(provider);
    openTelemetry.context.setGlobalContextManager(new StackContextManager().enable());
  }

  async function askEmbedded({
    traced = true,
    headers = { traceparent: traceparent('01') },
    around = (ask) => ask(),
    rateLimitStore,
    answer = { data: { field0: { id: 'ctx_1' } } },
  }: {
    traced?: boolean;
    headers?: Record<string, string>;
    around?: (ask: () => Promise<Response>) => Promise<Response>;
    rateLimitStore?: RateLimitStore;
    answer?: object;
  } = {}) {
    await start({ OTEL_TRACES_EXPORTER: 'none' });
    const embedded = createGateway({
      upstream: { url: gateway.upstream.url, apiKey },
      identity: { issuer: gateway.issuer.url },
      ...(traced && { openTelemetry }),
      rateLimitStore,
    });
    const request = new Request('http://gateway/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...headers,
      },
      body: JSON.stringify({ query: queryOf(fields.read('ctx_1')) }),
    });
    const response = await around(() => embedded.fetch(request));
    await embedded.close();
    expect(await response.json()).toMatchObject(answer);
    return exporter.getFinishedSpans();
  }

  const sentUpstream = () => gateway.upstream.requests[0]?.headers['traceparent'];

  it('is traced by the provider of the process, below the client’s span', async () => {
    register();
    const spans = await askEmbedded();
    expect(spans.map(({ name }) => name)).toEqual([
      'rate limit',
      'GET /ai-execution-context/{id}',
      'Query.executionContext',
      'POST /graphql',
    ]);
    expect(spans[3]).toMatchObject({
      kind: openTelemetry.SpanKind.SERVER,
      parentSpanContext: { traceId, spanId: clientSpanId },
      attributes: { 'http.response.status_code': 200, 'graphql.operation.type': 'query' },
    });
    expect(sentUpstream()).toBe(`00-${traceId}-${spans[1]?.spanContext().spanId ?? ''}-01`);
  });

  it('is part of the span of the server that it is in', async () => {
    register();
    const server = openTelemetry.trace.getTracer('server').startSpan('server');
    const active = openTelemetry.trace.setSpan(openTelemetry.ROOT_CONTEXT, server);
    const spans = await askEmbedded({
      around: (ask) => openTelemetry.context.with(active, ask),
    });
    expect(spans[3]).toMatchObject({
      name: 'POST /graphql',
      kind: openTelemetry.SpanKind.INTERNAL,
      parentSpanContext: server.spanContext(),
    });
  });

  it('ends the span of a limit whose store fails', async () => {
    register();
    const spans = await askEmbedded({
      rateLimitStore: { consume: () => Promise.reject(new Error('out of reach')) },
      answer: { errors: [{ message: 'Unexpected error.' }] },
    });
    expect(spans).toMatchObject([
      {
        name: 'rate limit',
        status: { code: openTelemetry.SpanStatusCode.ERROR },
        attributes: { 'error.type': '_OTHER', 'gateway.rate_limit.group': 'read' },
      },
      { name: 'Query.executionContext' },
      { name: 'POST /graphql' },
    ]);
  });

  it.each([
    ['is not given the API', false],
    ['has no provider', true],
  ])('passes the client’s trace on where it %s', async (_, traced) => {
    if (!traced) register();
    expect(await askEmbedded({ traced })).toEqual([]);
    expect(sentUpstream()).toBe(traceparent('01'));
  });

  it('makes no trace up where it has no provider and the client sends none', async () => {
    expect(await askEmbedded({ headers: {} })).toEqual([]);
    expect(sentUpstream()).toBeUndefined();
  });
});

describe('a collector', () => {
  const collectorLines = () =>
    gateway
      .logs()
      .split('\n')
      .filter((line) => line.includes('the collector of traces'));

  it('gets what the variables say, compressed', async () => {
    await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/prefix/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-common=common%20value,x-own=common',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-own=own==',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'contexts',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=test%2C1',
    });
    await gateway.ask(queryOf(fields.read('ctx_1')), {}, { token });
    const [span] = await collected();
    expect(span?.resource).toMatchObject({
      'service.name': 'contexts',
      'deployment.environment.name': 'test,1',
      'telemetry.sdk.name': 'opentelemetry',
    });
    expect(collector.exports).toMatchObject([
      {
        path: '/prefix/v1/traces',
        headers: {
          'x-common': 'common value',
          'x-own': 'own==',
          'content-type': 'application/x-protobuf',
        },
      },
    ]);
  });

  it('is asked at its own endpoint as that is written', async () => {
    await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own` });
    await gateway.ask(queryOf(fields.read('ctx_1')), {}, { token });
    expect((await collected())[0]?.resource).toMatchObject({
      'service.name': 'execution-context-gateway',
    });
    expect(collector.exports).toMatchObject([{ path: '/own' }]);
  });

  it('that refuses is one line in the log, and another one when it has recovered', async () => {
    await start({ OTEL_BSP_SCHEDULE_DELAY: '1' });
    collector.answer(400);
    for (const count of [1, 2, 3]) {
      await gateway.ask(queryOf(fields.read('ctx_1')), {}, { token });
      await expect.poll(() => collector.exports.length).toBeGreaterThanOrEqual(count);
    }
    await expect.poll(collectorLines).toHaveLength(1);
    expect(collectorLines()[0]).toContain('"level":"warn"');
    collector.answer(200);
    await gateway.ask(queryOf(fields.read('ctx_1')), {}, { token });
    await expect.poll(collectorLines).toHaveLength(2);
    expect(collectorLines()[1]).toContain('recovered');
    await gateway.close();
  });
});

describe('the process', () => {
  let replica: Replica | undefined;
  afterEach(() => replica?.signal('SIGKILL'));

  const sandbox = { PORT: '0', SHUTDOWN_DRAIN_MS: '0' };
  const moduleOf = (text: string) => `data:text/javascript,${encodeURIComponent(text)}`;
  /** Tells on standard error what of OpenTelemetry's is imported or required, by whomever. */
  const tellPackages = moduleOf(`
    import { Module, register } from 'node:module';
    const resolve = Module._resolveFilename;
    Module._resolveFilename = function (request, parent, ...rest) {
      // prom-client always takes the API, which does nothing by itself.
      const isOurs = !parent?.filename.includes('prom-client');
      if (isOurs && request.startsWith('@opentelemetry/')) process.stderr.write(request + ' ');
      return resolve.call(this, request, parent, ...rest);
    };
    register(${JSON.stringify(
      moduleOf(`
        import { writeSync } from 'node:fs';
        export function resolve(specifier, context, next) {
          if (specifier.startsWith('@opentelemetry/')) writeSync(2, specifier + ' ');
          return next(specifier, context);
        }`),
    )});`);

  async function packagesLoaded(env: Readonly<Record<string, string>>): Promise<string> {
    replica = startReplica({ env: { ...sandbox, ...env }, preload: tellPackages });
    const url = await replica.listening();
    await fetch(`${url}/graphql?query={__typename}`);
    replica.signal('SIGTERM');
    return (await replica.ended).stderr;
  }

  it('loads nothing of OpenTelemetry’s while nothing is to be traced', async () => {
    expect(await packagesLoaded({})).toBe('');
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    expect(await packagesLoaded({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' })).toBe('');
    // It would be seen.
    expect(await packagesLoaded(endpoint)).toContain('@opentelemetry/sdk-trace');
    expect(collector.spans).toMatchObject([{ name: 'GET /graphql' }]);
  });

  it.each(['refuses connections', 'never answers'])(
    'ends in time where its collector %s, and says so once',
    async (kind) => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1');
      await once(silent, 'listening');
      const { port } = silent.address() as AddressInfo;
      if (kind === 'refuses connections') silent.close();
      const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${port}`;
      replica = startReplica({ env: { ...sandbox, OTEL_EXPORTER_OTLP_ENDPOINT } });
      const url = await replica.listening();
      await fetch(`${url}/graphql?query={__typename}`);
      const startedAt = performance.now();
      replica.signal('SIGTERM');
      const { code, stdout } = await replica.ended;
      const tookMs = performance.now() - startedAt;
      silent.close();
      expect(code).toBe(0);
      expect(stdout.match(/the collector of traces/g)).toHaveLength(1);
      expect(tookMs).toBeLessThan(3_000);
    },
  );
});
