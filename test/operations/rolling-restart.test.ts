import { afterAll, beforeAll, expect, it } from 'vitest';

import { askGraphQL } from '../support/ask.ts';
import { startIssuer, type Issuer } from '../support/issuer.ts';
import { startReplica, type Replica } from '../support/replica.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { startBalancer, type Balancer } from './balancer.ts';

const clients = 8;
const query = '{ executionContext(id: "ctx_1") { __typename } }';

let upstream: Upstream;
let issuer: Issuer;
let balancer: Balancer;
const replicas: Replica[] = [];

beforeAll(async () => {
  upstream = await startUpstream({ contexts: [{ id: 'ctx_1', user_id: 'alice' }] });
  issuer = await startIssuer();
  balancer = await startBalancer();
});
afterAll(async () => {
  for (const replica of replicas) replica.signal('SIGKILL');
  await Promise.all([balancer.close(), upstream.close(), issuer.close()]);
});

async function addReplica(): Promise<{ replica: Replica; url: string }> {
  const replica = startReplica({
    env: {
      PORT: '0',
      UPSTREAM_URL: upstream.url,
      UPSTREAM_API_KEY: 'key',
      JWT_ISSUER: issuer.url,
      SHUTDOWN_DRAIN_MS: '1000',
    },
  });
  replicas.push(replica);
  const url = await replica.listening();
  balancer.add(url);
  await balancer.serves(url);
  return { replica, url };
}

it('fails no request while two replicas are restarted in turn, under constant load', async () => {
  const first = [await addReplica(), await addReplica()];
  const stop = new AbortController();
  const answers: string[] = [];

  async function load(): Promise<void> {
    const token = await issuer.token();
    while (!stop.signal.aborted) {
      // To be over a limit is an answer like any other: what counts is that there is one.
      const answer = await askGraphQL(balancer.url, query, {}, { token }).then(
        ({ status, body }) => `${status} ${Object.keys(body as object).join()}`,
        String,
      );
      answers.push(answer);
    }
  }

  const loads = Promise.all(Array.from({ length: clients }, load));
  for (const { replica, url } of first) {
    await addReplica();
    replica.signal('SIGTERM');
    expect(await replica.ended).toMatchObject({ code: 0, stderr: '' });
    balancer.remove(url);
  }
  stop.abort();
  await loads;

  expect(new Set(answers)).toEqual(new Set(['200 data']));
  expect(answers.length).toBeGreaterThan(200);
}, 120_000);
