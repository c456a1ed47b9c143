import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startIssuer, type Issuer } from '../support/issuer.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';

const update = /* GraphQL */ `
  mutation {
    updateExecutionContext(id: "ctx_123", input: { context: { progress: 75 } }) {
      ... on AiExecutionContext {
        id
        context
      }
    }
  }
`;

describe.each(['fetch', 'express'])('examples/embedding/%s.ts', (name) => {
  let issuer: Issuer;
  let upstream: Upstream;
  let example: Example;
  beforeAll(async () => {
    [issuer, upstream] = await Promise.all([startIssuer(), startUpstream()]);
    upstream.seed({ id: 'ctx_123', user_id: 'alice' });
    example = await startExample(`examples/embedding/${name}.ts`, {
      UPSTREAM_URL: upstream.url,
      UPSTREAM_API_KEY: 'test-api-key',
      JWT_ISSUER: issuer.url,
      PORT: '0',
    });
  });
  afterAll(async () => {
    await example.end();
    await Promise.all([issuer.close(), upstream.close()]);
  });

  it('answers operations below the path it is given', async () => {
    expect(new URL(example.url).pathname).toBe('/api/graphql');
    const response = await fetch(example.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await issuer.token({ sub: 'alice' })}`,
      },
      body: JSON.stringify({ query: update }),
    });
    expect(await response.json()).toEqual({
      data: { updateExecutionContext: { id: 'ctx_123', context: { progress: 75 } } },
    });
    expect(response.headers.get('ratelimit')).toMatch(/^"[a-z]+";r=\d+;t=\d+/);
  });

  it('serves GraphiQL there, with all that it loads', async () => {
    const response = await fetch(example.url, { headers: { accept: 'text/html' } });
    const page = await response.text();
    expect(page).toContain('id="graphiql-options"');
    const files = Array.from(page.matchAll(/(?:src|href)="([^":]+)"/g), ([, file = '']) => file);
    expect(files).not.toEqual([]);
    for (const file of files) {
      const answer = await fetch(new URL(file, example.url));
      expect([file, answer.status]).toEqual([file, 200]);
      await answer.arrayBuffer();
    }
  });

  it('ends when it is told to, and the streams that are open', async () => {
    const watching = await fetch(example.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await issuer.token({ sub: 'alice' })}`,
      },
      body: JSON.stringify({
        query: 'subscription { executionContextUpdated(id: "ctx_123") { __typename } }',
      }),
    });
    const text = watching.text();
    await example.end();
    expect(await text).toContain('AiExecutionContext');
    expect(example.exitCode()).toBe(0);
  });
});

interface Example {
  readonly url: string;
  exitCode(): number | null;
  end(): Promise<void>;
}

async function startExample(script: string, env: Record<string, string>): Promise<Example> {
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url,
    exitCode: () => child.exitCode,
    async end() {
      child.kill();
      await ended;
    },
  };
}
