import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { listen, type ListeningServer } from '../../../src/doors/node/listening-server.ts';
import { createNodeListener } from '../../../src/doors/node/listener.ts';
import { subprotocol } from '../../../src/doors/node/websocket-session.ts';
import { createWebSocketDoor } from '../../../src/doors/node/websocket.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { ExecutionContexts } from '../../../src/execution-contexts/model.ts';
import { connectGateway } from '../../../src/gateway.ts';
import { createRateLimiter } from '../../../src/rate-limit/limiter.ts';
import { createMemoryStore } from '../../../src/rate-limit/memory-store.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.ts';
import { identityOf } from '../../engine/listening-side.ts';
import { send } from './request.ts';

const unexpected = { message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR' } };
const json = { 'content-type': 'application/json' };
const query = '{ executionContext(id: "") { __typename } }';
const body = JSON.stringify({ query });

function throwBug(): never {
  throw new TypeError('a bug');
}

let server: ListeningServer;
let logged: { msg?: string; err?: { message?: string } }[] = [];
afterEach(() => server.drain(0, 1_000));

/** A gateway parts of which are broken. */
async function start({
  engine: broken,
  metrics = createMetrics(),
}: {
  engine?: Partial<Engine>;
  metrics?: Metrics;
}): Promise<void> {
  const gateway = connectGateway({
    executionContexts: {} as ExecutionContexts,
    rateLimiter: createRateLimiter({ store: createMemoryStore() }),
    resolveIdentity: identityOf,
  });
  logged = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as object) };
  const shared = {
    engine: { ...gateway.engine, ...broken },
    maxBodyBytes: 10_000,
    logger: createLogger({ level: 'info', destination }),
    metrics,
  };
  server = await listen({
    ...{ host: '127.0.0.1', port: 0, keepAliveTimeoutMs: 1_000 },
    listener: createNodeListener({
      ...shared,
      yoga: gateway,
      cors: gateway.cors,
      readiness: () => ({ ready: true, checks: {} }) as never,
    }),
    upgrades: createWebSocketDoor({
      ...shared,
      endpoint: gateway.endpoint,
      execute: gateway.execute,
      hasPlugins: false,
    }),
  });
}

function errorsLogged(): unknown[] {
  return logged.filter(({ msg }) => msg !== 'request').map(({ msg, err }) => [msg, err?.message]);
}

/** Sends the document a first time: the second time it is executed by its plan. */
async function learn(): Promise<void> {
  await send(server.url, { headers: json, body });
  logged = [];
}

async function subscribe(): Promise<{ messages: unknown[]; socket: WebSocket }> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, [subprotocol]);
  const messages: unknown[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload: { query } }));
  return { messages, socket };
}

describe('a bug over HTTP is answered with 500 and logged', () => {
  it.each([
    ['in the reader of bodies', { engine: { prepare: throwBug } }],
    ['in the engine', { engine: { run: throwBug } }],
    [
      'in what is sent',
      {
        engine: {
          run: (_request, _incoming, done) => {
            done(null, { errors: [], extensions: { count: 1n } });
          },
        } satisfies Partial<Engine>,
      },
    ],
  ])('%s', async (_name, parts) => {
    await start(parts);
    await learn();
    const { status, body: text } = await send(server.url, { headers: json, body });
    expect(status).toBe(500);
    expect(JSON.parse(text)).toEqual({ errors: [unexpected] });
    expect(errorsLogged()).toEqual([['request failed', expect.any(String)]]);
  });
});

describe('a bug over WebSocket', () => {
  it.each([
    ['in the reader of bodies', { engine: { prepare: throwBug } }],
    ['in the engine', { engine: { run: throwBug } }],
  ])('ends its operation alone, with an error, where it is %s', async (_name, parts) => {
    await start(parts);
    await learn();
    const { messages, socket } = await subscribe();
    await expect
      .poll(() => messages)
      .toEqual([{ type: 'connection_ack' }, { id: 'a', type: 'error', payload: [unexpected] }]);
    expect(socket.readyState).toBe(socket.OPEN);
    expect(errorsLogged()).toEqual([['request failed', 'a bug']]);
    socket.close();
  });

  it('closes the connection with 1011 where no operation can be told of it', async () => {
    const metrics = createMetrics();
    await start({ metrics: { ...metrics, requests: { ...metrics.requests, started: throwBug } } });
    const { socket } = await subscribe();
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1011, 'Unexpected error.']);
    expect(errorsLogged()).toEqual([['message failed', 'a bug']]);
  });
});
