import { Logger, MemoryLogWriter } from '@graphql-hive/gateway-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { composeSupergraph } from '../../examples/supergraph/compose.ts';
import { startHiveGateway } from '../../examples/supergraph/hive-gateway.ts';
import { listenOnLoopback } from '../../examples/supergraph/loopback-server.ts';
import { askGraphQL, dataOf } from '../support/ask.ts';
import { startSupergraph, type Supergraph } from './supergraph.ts';

const update = /* GraphQL */ `
  mutation {
    updateExecutionContext(id: "ctx_1", input: { sessionId: "session_2" }) {
      __typename
    }
  }
`;

const upstreamRetry = { maxRetries: 2, retryDelay: 1 };

describe('Hive Gateway that retries', () => {
  const log = new MemoryLogWriter();
  let supergraph: Supergraph;
  beforeAll(async () => {
    supergraph = await startSupergraph({
      startRouter: (options) =>
        startHiveGateway({
          ...options,
          upstreamRetry,
          logging: new Logger({ level: 'debug', writers: [log] }),
        }),
    });
    supergraph.contexts.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
  });
  afterAll(() => supergraph.close());
  beforeEach(() => {
    supergraph.clock.advance(60_000);
  });

  async function updatedAs(requestId: string): Promise<unknown> {
    const token = await supergraph.contexts.tokenOf('alice');
    const headers = { 'x-request-id': requestId };
    const data = await supergraph.dataOf(update, {}, { token, headers });
    return (data as { updateExecutionContext: { __typename: string } }).updateExecutionContext
      .__typename;
  }

  it('sends a rate-limited mutation once', async () => {
    for (let i = 0; i < 10; i += 1) await updatedAs('admitted');
    expect(await updatedAs('refused')).toBe('ExecutionContextRateLimitError');
    expect(await updatedAs('the-last')).toBe('ExecutionContextRateLimitError');
    await vi.waitFor(() => {
      expect(supergraph.loggedRequestIds()).toContain('the-last');
    });
    expect(supergraph.loggedRequestIds().filter((id) => id === 'refused')).toHaveLength(1);
  });

  it('would send it again if the answer told when to retry', async () => {
    let sent = 0;
    const subgraph = await listenOnLoopback((_request, response) => {
      sent += 1;
      response.writeHead(200, { 'content-type': 'application/json', 'retry-after': 'soon' });
      response.end('{"data":{"update":true}}');
    });
    const sdl = 'type Query { ok: Boolean } type Mutation { update: Boolean }';
    const supergraphSdl = composeSupergraph([
      { name: 'stub', url: `${subgraph.url}/graphql`, sdl },
    ]);
    const router = await startHiveGateway({ supergraphSdl, upstreamRetry, logging: false });
    expect(dataOf(await askGraphQL(router.url, 'mutation { update }'))).toEqual({ update: true });
    expect(sent).toBe(3);
    await router.close();
    await subgraph.close();
  });

  it('logs the same request id as the subgraph', async () => {
    await updatedAs('seen-in-both-logs');
    await vi.waitFor(() => {
      expect(supergraph.loggedRequestIds()).toContain('seen-in-both-logs');
    });
    expect(log.logs).toContainEqual(
      expect.objectContaining({
        attrs: expect.objectContaining({ requestId: 'seen-in-both-logs' }) as unknown,
      }),
    );
  });

  it('serves a GraphiQL that loads nothing from elsewhere', async () => {
    const page = await fetch(`${supergraph.url}/graphql`, { headers: { accept: 'text/html' } });
    const html = await page.text();
    expect(html).toContain('GraphiQL');
    expect(html).not.toMatch(/<(?:script|link)[^>]+(?:src|href)="?https?:/);
  });
});
