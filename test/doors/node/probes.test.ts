import { afterEach, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

/** A port nobody listens on. */
const nowhere = '127.0.0.1:1';

let gateway: TestGateway;
afterEach(() => gateway.close());

async function ready(): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${gateway.url}/ready`);
  return { status: response.status, body: await response.json() };
}

describe('/ready', () => {
  it('is 200 once the upstream has answered, with any status', async () => {
    gateway = await startTestGateway();
    await expect.poll(ready).toEqual({
      status: 200,
      body: { ready: true, degraded: [], reasons: [] },
    });
  });

  it('stays 200 when the upstream goes away: its callers get typed errors', async () => {
    gateway = await startTestGateway();
    await expect.poll(ready).toMatchObject({ status: 200 });
    await gateway.upstream.stop();
    expect(await ready()).toMatchObject({ status: 200 });
  });

  it('is 503 until the upstream has answered', async () => {
    gateway = await startTestGateway({ env: { UPSTREAM_URL: `http://${nowhere}` } });
    const reasons = ['upstream: it has not answered yet (ECONNREFUSED)'];
    await expect.poll(ready).toEqual({
      status: 503,
      body: { ready: false, degraded: [], reasons },
    });
  });

  it('is 200 and names Redis while that is down, and limits are counted in process', async () => {
    gateway = await startTestGateway({ env: { REDIS_URL: `redis://${nowhere}` } });
    await expect.poll(ready).toEqual({
      status: 200,
      body: {
        ready: true,
        degraded: [
          'redis: it does not answer (ECONNREFUSED), so each replica counts limits on its own',
        ],
        reasons: [],
      },
    });
  });

  it('is 503 while Redis is down and calls are refused for it', async () => {
    gateway = await startTestGateway({
      env: { REDIS_URL: `redis://${nowhere}`, RATE_LIMIT_ON_STORE_FAILURE: 'closed' },
    });
    await expect.poll(ready).toEqual({
      status: 503,
      body: {
        ready: false,
        degraded: [],
        reasons: [
          'redis: it does not answer (ECONNREFUSED), and RATE_LIMIT_ON_STORE_FAILURE is closed',
        ],
      },
    });
  });
});

describe('/health, /ready and /metrics', () => {
  it('answer GET and HEAD, and nothing else', async () => {
    gateway = await startTestGateway();
    await expect.poll(ready).toMatchObject({ status: 200 });
    for (const path of ['/health', '/ready', '/metrics']) {
      const url = gateway.url + path;
      expect((await fetch(url)).status).toBe(200);
      const head = await fetch(url, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      const post = await fetch(url, { method: 'POST', body: '{}' });
      expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  it('need no router secret', async () => {
    gateway = await startTestGateway({ env: { ROUTER_SECRET: 'secret' } });
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  });
});
