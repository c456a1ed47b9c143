import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { reply } from '../support/upstream-faults.ts';

const read = /* GraphQL */ `
  query AnyNameAtAll($id: ID!) {
    executionContext(id: $id) {
      ... on ExecutionContextError {
        message
      }
    }
  }
`;

const references = /* GraphQL */ `
  query ($representations: [_Any!]!) {
    _entities(representations: $representations) {
      __typename
    }
  }
`;

describe('the metrics', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
  });
  afterAll(() => gateway.close());

  async function scrape(): Promise<Map<string, number>> {
    const response = await fetch(`${gateway.url}/metrics`);
    const lines = (await response.text()).split('\n').filter((line) => /^[a-z]/.test(line));
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
    );
  }

  /** What `work` adds to each series that it touches; counts and sums of durations left out. */
  async function counted(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = await scrape();
    await work();
    const added = [...(await scrape())]
      .filter(([series]) => series.startsWith('gateway_') && !/_(?:sum|bucket)\b/.test(series))
      .map(([series, value]) => [series, value - (before.get(series) ?? 0)] as const);
    return Object.fromEntries(added.filter(([, value]) => value !== 0));
  }

  it('count a success by operation, field and member, though nothing of it was selected', async () => {
    const token = await gateway.tokenOf('alice');
    // The first request also fetches the issuer's keys.
    await gateway.ask(read, { id: 'ctx_1' }, { token });
    expect(await counted(() => gateway.ask(read, { id: 'ctx_1' }, { token }))).toEqual({
      'gateway_request_duration_seconds_count{operation="query",status="2xx"}': 1,
      'gateway_results_total{operation="query",field="executionContext",member="AiExecutionContext",code=""}': 1,
      'gateway_upstream_exchange_duration_seconds_count{operation="fetch",outcome="2xx"}': 1,
      'gateway_upstream_responses_total{operation="fetch",status="200"}': 1,
      'gateway_rate_limit_decisions_total{group="read",verdict="admitted"}': 1,
    });
  });

  it('count errors by code, and a strange status by its class', async () => {
    const token = await gateway.tokenOf('alice');
    gateway.upstream.next(reply(418));
    expect(await counted(() => gateway.ask(read, { id: 'ctx_1' }, { token }))).toMatchObject({
      'gateway_results_total{operation="query",field="executionContext",member="ExecutionContextUpstreamError",code="UPSTREAM_FAILED"}': 1,
      'gateway_upstream_responses_total{operation="fetch",status="4xx"}': 1,
    });
  });

  it('count retries', async () => {
    const token = await gateway.tokenOf('alice');
    gateway.upstream.next(reply(503));
    expect(await counted(() => gateway.ask(read, { id: 'ctx_1' }, { token }))).toMatchObject({
      'gateway_upstream_retries_total{operation="fetch"}': 1,
      'gateway_upstream_responses_total{operation="fetch",status="503"}': 1,
      'gateway_upstream_responses_total{operation="fetch",status="200"}': 1,
    });
  });

  it('count refusals by the limits', async () => {
    const token = await gateway.tokenOf('bob');
    const aliases = Array.from({ length: 25 }, (_, i) => `a${i}: executionContext(id: "1")`);
    const query = `{ ${aliases.map((field) => `${field} { __typename }`).join(' ')} }`;
    expect(await counted(() => gateway.ask(query, {}, { token }))).toMatchObject({
      'gateway_rate_limit_decisions_total{group="read",verdict="admitted"}': 20,
      'gateway_rate_limit_decisions_total{group="read",verdict="refused"}': 5,
      'gateway_results_total{operation="query",field="executionContext",member="ExecutionContextRateLimitError",code="RATE_LIMITED"}': 5,
    });
  });

  it('count entity references that came back null, by reason', async () => {
    const token = await gateway.freshToken();
    const representations = [{ __typename: 'AiExecutionContext', id: 'ctx_none' }];
    expect(
      await counted(() => gateway.ask(references, { representations }, { token })),
    ).toMatchObject({ 'gateway_null_references_total{reason="NOT_FOUND"}': 1 });
  });

  it('count requests that were no operation', async () => {
    expect(await counted(() => gateway.ask('{'))).toEqual({
      'gateway_request_duration_seconds_count{operation="none",status="2xx"}': 1,
    });
  });

  it('take no label from a client', async () => {
    await gateway.ask('query AnotherName { anotherAlias: __typename }');
    await fetch(`${gateway.url}/another-path`);
    const series = [...(await scrape()).keys()].join('\n');
    expect(series).not.toMatch(/another|AnyName/i);
  });

  it('tell the state of the circuit, the calls in flight and the lag of the event loop', async () => {
    const series = await scrape();
    expect(series.get('gateway_upstream_circuit_state{state="closed"}')).toBe(1);
    expect(series.get('gateway_upstream_circuit_state{state="open"}')).toBe(0);
    expect(series.get('gateway_upstream_calls_in_flight')).toBe(0);
    expect(series.get('gateway_requests_in_flight')).toBe(0);
    expect(series.get('gateway_jwks_fetches_total{outcome="fetched"}')).toBe(1);
    expect(series.has('nodejs_eventloop_lag_p99_seconds')).toBe(true);
  });
});
