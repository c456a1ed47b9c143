import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createGate } from '../support/upstream-gate.ts';
import { watchDocument, type StreamEvent } from './streams.ts';

/** A subscription, as somebody's page has it. */
class Watching {
  readonly events: StreamEvent[] = [];
  /** Why it is over: the client gave up, or takes it for complete. */
  ending: unknown = null;

  next({ data }: { readonly data?: unknown }): void {
    this.events.push((data as { executionContextUpdated: StreamEvent }).executionContextUpdated);
  }
  error(error: unknown): void {
    this.ending = error;
  }
  complete(): void {
    this.ending = 'complete';
  }
}

/** Answers how to stop it. */
type Subscribe = (url: () => string, authorization: string, watching: Watching) => () => void;

const subscription = { query: watchDocument, variables: { id: 'ctx_1' } };
/** Clients by themselves wait for a second and more. */
const soon = () => new Promise<void>((resolve) => setTimeout(resolve, 20));

const overSocket =
  (options: { readonly shouldRetry?: () => true; readonly retryAttempts?: number }): Subscribe =>
  (url, authorization, watching) =>
    createSocketClient({
      url: () => url().replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: { authorization },
      retryWait: soon,
      ...options,
    }).subscribe(subscription, watching);

const overEvents =
  (options: { readonly retryAttempts?: number }): Subscribe =>
  (url, authorization, watching) =>
    createSseClient({ url, headers: { authorization }, retry: soon, ...options }).subscribe(
      subscription,
      watching,
    );

let home: TestGateway;
let gateways: TestGateway[];
let authorization: string;
let watching: Watching;
let stop: () => void;

/** One more gateway on the API of the first. */
async function start(port = '0'): Promise<TestGateway> {
  const { upstream, issuer } = home;
  const shared = { UPSTREAM_URL: upstream.url, JWT_ISSUER: issuer.url, LIVE_POLL_MS: '50' };
  const gateway = await startTestGateway({ env: { ...shared, PORT: port } });
  gateways.push(gateway);
  return gateway;
}

function subscribeTo(first: TestGateway, by: Subscribe): { url: string } {
  const address = { url: first.url };
  stop = by(() => `${address.url}/graphql`, authorization, watching);
  return address;
}

const store = (step: number) => {
  home.upstream.seed({ id: 'ctx_1', user_id: 'alice', context: { step } });
};
const steps = () => watching.events.map(({ context }) => (context as { step: number }).step);

beforeEach(async () => {
  home = await startTestGateway();
  gateways = [];
  authorization = `Bearer ${await home.tokenOf('alice')}`;
  watching = new Watching();
  store(1);
});
afterEach(async () => {
  stop();
  for (const gateway of gateways) await gateway.close();
  await home.close();
});

describe.each([
  ['graphql-ws', overSocket({})],
  ['graphql-sse', overEvents({})],
])('a subscription by %s as it comes, where its gateway shuts down,', (_, subscribe) => {
  it('goes on by itself elsewhere, with what is stored by then', async () => {
    const [first, second] = [await start(), await start()];
    const address = subscribeTo(first, subscribe);
    await expect.poll(steps).toEqual([1]);
    address.url = second.url;
    const closing = first.close();
    await expect.poll(steps).toEqual([1, 1]);
    await closing;
    store(2);
    await expect.poll(steps).toEqual([1, 1, 2]);
    expect(watching.ending).toBeNull();
  });

  it('goes on by itself though it had shown nothing yet', async () => {
    const [first, second] = [await start(), await start()];
    await home.upstream.received(2);
    const gate = createGate();
    home.upstream.next(gate.hold());
    const address = subscribeTo(first, subscribe);
    await gate.reached(1);
    address.url = second.url;
    const closing = first.close();
    await expect.poll(steps).toEqual([1]);
    gate.open();
    await closing;
    expect(watching.ending).toBeNull();
  });

  it('is over all the same where the context was deleted', async () => {
    subscribeTo(await start(), subscribe);
    await expect.poll(steps).toEqual([1]);
    home.upstream.always(async ({ response }) => void response.writeHead(404).end());
    await expect.poll(() => watching.ending).toBe('complete');
    expect(watching.events.at(-1)).toMatchObject({ deletedId: 'ctx_1' });
  });
});

it.each([
  ['graphql-ws', overSocket({ shouldRetry: () => true, retryAttempts: 1_000 })],
  ['graphql-sse', overEvents({ retryAttempts: 1_000 })],
])('a subscription by %s that keeps trying outlives a restart in place', async (_, subscribe) => {
  const gateway = await start();
  subscribeTo(gateway, subscribe);
  await expect.poll(steps).toEqual([1]);
  await gateway.close();
  store(2);
  await start(new URL(gateway.url).port);
  await expect.poll(steps, { timeout: 5_000 }).toEqual([1, 2]);
  expect(watching.ending).toBeNull();
});
