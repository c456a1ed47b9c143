import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { startSandboxGateway } from '../../support/sandbox-gateway.ts';

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

async function get(url: string, headers: Record<string, string>) {
  const response = await fetch(`${url}/`, { headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

describe('GET /', () => {
  let gateway: Awaited<ReturnType<typeof startSandboxGateway>>;
  beforeAll(async () => {
    gateway = await startSandboxGateway();
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  it('leads a browser to GraphiQL as each person of the sandbox, the schema and the probes', async () => {
    const { status, text, headers } = await get(gateway.url, browser);
    expect(status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    const links = [...text.matchAll(/href="(\/[^"]*)"/g)].map(([, href]) => href ?? '');
    expect(links.slice(0, 3)).toEqual([
      '/graphql?as=alice',
      '/graphql?as=bob',
      '/graphql?as=admin',
    ]);
    for (const link of links) {
      const response = await fetch(gateway.url + link, {
        headers: { accept: link.includes('?as=') ? 'text/html' : '*/*' },
      });
      expect(response.status, link).toBe(200);
      await response.arrayBuffer();
    }
  });

  it('opens GraphiQL with the token of who is named, and with alice’s for a stranger', async () => {
    const tokenOf = async (as: string) => {
      const response = await fetch(`${gateway.url}/graphql?as=${as}`, { headers: browser });
      const payload = /Bearer [^.]*\.([^.]*)\./.exec(await response.text())?.[1] ?? '';
      return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }).sub;
    };
    expect(await tokenOf('bob')).toBe('bob');
    expect(await tokenOf('admin')).toBe('admin');
    expect(await tokenOf('mallory')).toBe('alice');
  });

  it('is nothing to a program', async () => {
    expect((await get(gateway.url, { accept: 'application/json' })).status).toBe(404);
  });
});

describe('GET / without GraphiQL', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { GRAPHIQL: 'false' } });
  });
  afterAll(() => gateway.close());

  it('is nothing to anybody', async () => {
    expect((await get(gateway.url, browser)).status).toBe(404);
  });
});
