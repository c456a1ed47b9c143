import { Counter, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';

import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { ByLabel, CounterFamily, DurationFamily } from '../../src/telemetry/series.ts';

/** The series of the gateway's own metrics that are not zero, by name and labels. */
async function scrape(metrics: Metrics): Promise<Record<string, number>> {
  const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('gateway_'));
  const values = lines.map((line) => {
    const end = line.lastIndexOf(' ');
    return [line.slice(0, end), Number(line.slice(end))] as const;
  });
  return Object.fromEntries(values.filter(([, value]) => value !== 0));
}

/** Without the buckets and sums of durations. */
async function counts(metrics: Metrics): Promise<Record<string, number>> {
  const all = Object.entries(await scrape(metrics));
  return Object.fromEntries(all.filter(([series]) => !/_(?:bucket|sum)\{/.test(series)));
}

describe('a scrape', () => {
  it('has every metric by its name, type and labels, also before anything happened', async () => {
    const text = await createMetrics().text();
    const types = text.split('\n').filter((line) => line.startsWith('# TYPE gateway_'));
    expect(types.map((line) => line.replace('# TYPE ', '')).sort()).toEqual([
      'gateway_http_refusals_total counter',
      'gateway_jwks_fetches_total counter',
      'gateway_local_locks_total counter',
      'gateway_log_lines_dropped_total counter',
      'gateway_null_references_total counter',
      'gateway_rate_limit_decisions_total counter',
      'gateway_rate_limit_store_down gauge',
      'gateway_rate_limit_store_failures_total counter',
      'gateway_rate_limit_store_outages_total counter',
      'gateway_rate_limit_store_recoveries_total counter',
      'gateway_request_duration_seconds histogram',
      'gateway_requests_in_flight gauge',
      'gateway_results_total counter',
      'gateway_stream_ends_total counter',
      'gateway_streams_open gauge',
      'gateway_upstream_calls_in_flight gauge',
      'gateway_upstream_circuit_state gauge',
      'gateway_upstream_exchange_duration_seconds histogram',
      'gateway_upstream_malformed_dates_total counter',
      'gateway_upstream_malformed_total counter',
      'gateway_upstream_responses_total counter',
      'gateway_upstream_retries_total counter',
      'gateway_upstream_shed_total counter',
    ]);
    expect(text).toContain('\ngateway_log_lines_dropped_total 0\n');
    expect(text).toContain('\nnodejs_eventloop_lag_p99_seconds ');
  });

  it('sees requests under way, and those that ended by operation and status class', async () => {
    const metrics = createMetrics();
    const { started, ended } = metrics.requests;
    for (let i = 0; i < 6; i += 1) started();
    ended('query', 200, 1);
    ended('query', 204, 1);
    ended('mutation', 200, 30);
    ended('none', 404, 1);
    ended('none', 600, 1);
    expect(await counts(metrics)).toEqual({
      gateway_requests_in_flight: 1,
      'gateway_request_duration_seconds_count{operation="query",status="2xx"}': 2,
      'gateway_request_duration_seconds_count{operation="mutation",status="2xx"}': 1,
      'gateway_request_duration_seconds_count{operation="none",status="4xx"}': 1,
      'gateway_request_duration_seconds_count{operation="none",status="other"}': 1,
    });
  });

  it('tells clients that left from those that were refused', async () => {
    const metrics = createMetrics();
    metrics.requests.started();
    metrics.requests.ended('query', 499, 1);
    expect(await counts(metrics)).toEqual({
      'gateway_request_duration_seconds_count{operation="query",status="499"}': 1,
    });
  });

  it('sees durations in seconds, in the lowest bucket that holds them and all above', async () => {
    const metrics = createMetrics();
    metrics.upstream.exchanged('fetch', 'timeout', 250);
    metrics.upstream.exchanged('fetch', 'timeout', 60_000);
    const series = await scrape(metrics);
    const name = 'gateway_upstream_exchange_duration_seconds';
    const labels = 'operation="fetch",outcome="timeout"';
    expect(series).toMatchObject({
      [`${name}_bucket{le="0.25",${labels}}`]: 1,
      [`${name}_bucket{le="15",${labels}}`]: 1,
      [`${name}_bucket{le="+Inf",${labels}}`]: 2,
      [`${name}_sum{${labels}}`]: 60.25,
      [`${name}_count{${labels}}`]: 2,
    });
    expect(series).not.toHaveProperty([`${name}_bucket{le="0.1",${labels}}`]);
  });

  it('sees results by member and code, and references that came back null', async () => {
    const metrics = createMetrics();
    const { answered, referenceMissed } = metrics.requests;
    answered('query', 'field', 'Success', null);
    answered('query', 'field', 'Success', null);
    answered('query', 'field', 'Refusal', 'FORBIDDEN');
    answered('mutation', 'field', 'Success', null);
    referenceMissed('NOT_FOUND');
    expect(await counts(metrics)).toEqual({
      'gateway_results_total{operation="query",field="field",member="Success",code=""}': 2,
      'gateway_results_total{operation="query",field="field",member="Refusal",code="FORBIDDEN"}': 1,
      'gateway_results_total{operation="mutation",field="field",member="Success",code=""}': 1,
      'gateway_null_references_total{reason="NOT_FOUND"}': 1,
    });
  });

  it('sees what the API answered, how often it was asked again, and what could not be used', async () => {
    const metrics = createMetrics();
    const { exchanged, retried, shed, malformed, malformedDate, watch } = metrics.upstream;
    watch(() => ({ circuit: 'half-open', callsInFlight: 3 }));
    exchanged('fetch', 200, 1);
    exchanged('fetch', 418, 1);
    exchanged('fetch', 999, 1);
    exchanged('update', 'connection', 1);
    retried('fetch');
    shed('update');
    malformed('list');
    malformedDate('list');
    malformedDate('list');
    expect(await counts(metrics)).toEqual({
      'gateway_upstream_exchange_duration_seconds_count{operation="fetch",outcome="2xx"}': 1,
      'gateway_upstream_exchange_duration_seconds_count{operation="fetch",outcome="4xx"}': 1,
      'gateway_upstream_exchange_duration_seconds_count{operation="fetch",outcome="other"}': 1,
      'gateway_upstream_exchange_duration_seconds_count{operation="update",outcome="connection"}': 1,
      'gateway_upstream_responses_total{operation="fetch",status="200"}': 1,
      'gateway_upstream_responses_total{operation="fetch",status="4xx"}': 1,
      'gateway_upstream_responses_total{operation="fetch",status="other"}': 1,
      'gateway_upstream_retries_total{operation="fetch"}': 1,
      'gateway_upstream_shed_total{operation="update"}': 1,
      'gateway_upstream_malformed_total{operation="list"}': 1,
      'gateway_upstream_malformed_dates_total{operation="list"}': 2,
      'gateway_upstream_circuit_state{state="half-open"}': 1,
      gateway_upstream_calls_in_flight: 3,
    });
  });

  it('sees limits, the shared store and the keys', async () => {
    const metrics = createMetrics();
    const { decided, uncounted, storeDown, storeUp } = metrics.rateLimits;
    decided('read', true);
    decided('read', true);
    decided('read', false);
    uncounted();
    storeDown();
    storeUp();
    storeDown();
    metrics.identity.keysFetched('failed');
    expect(await counts(metrics)).toEqual({
      'gateway_rate_limit_decisions_total{group="read",verdict="admitted"}': 2,
      'gateway_rate_limit_decisions_total{group="read",verdict="refused"}': 1,
      gateway_rate_limit_store_failures_total: 1,
      gateway_rate_limit_store_outages_total: 2,
      gateway_rate_limit_store_recoveries_total: 1,
      gateway_rate_limit_store_down: 1,
      'gateway_jwks_fetches_total{outcome="failed"}': 1,
    });
  });

  it('takes no label from what a client sends to the HTTP parser', async () => {
    const metrics = createMetrics();
    const { refusedByParser } = metrics.requests;
    refusedByParser('HPE_HEADER_OVERFLOW');
    refusedByParser('ERR_HTTP_REQUEST_TIMEOUT');
    refusedByParser('a "code"\n of their own');
    refusedByParser(`HPE_${'X'.repeat(100)}`);
    refusedByParser(undefined);
    expect(await counts(metrics)).toEqual({
      'gateway_http_refusals_total{code="HPE_HEADER_OVERFLOW"}': 1,
      'gateway_http_refusals_total{code="ERR_HTTP_REQUEST_TIMEOUT"}': 1,
      'gateway_http_refusals_total{code="other"}': 3,
    });
  });

  it('reads how many lines the log has dropped, each time', async () => {
    let dropped = 3;
    const metrics = createMetrics({ droppedLogLines: () => dropped });
    expect(await counts(metrics)).toEqual({ gateway_log_lines_dropped_total: 3 });
    dropped = 5;
    expect(await counts(metrics)).toEqual({ gateway_log_lines_dropped_total: 5 });
  });

  it('counts on between scrapes', async () => {
    const metrics = createMetrics();
    metrics.rateLimits.decided('read', true);
    await metrics.text();
    metrics.rateLimits.decided('read', true);
    const series = 'gateway_rate_limit_decisions_total{group="read",verdict="admitted"}';
    expect(await counts(metrics)).toEqual({ [series]: 2 });
  });

  it('keeps two gateways of one process apart', async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    one.requests.started();
    expect(await counts(other)).toEqual({});
  });
});

describe('a family of series', () => {
  const odd = 'a "label"\nwith a \\';

  it('prints a counter as prom-client does', async () => {
    const options = { name: 'a_total', help: 'Help\nin two lines.' };
    const [registry, other] = [new Registry(), new Registry()];
    const family = new CounterFamily({ ...options, registry }, ['one', 'two']);
    const counter = new Counter({ ...options, labelNames: ['one', 'two'], registers: [other] });
    const byOne = new ByLabel((one) => new ByLabel((two) => family.series({ one, two })));
    for (const [one, two] of [
      ['x', 'y'],
      ['x', ''],
      ['x', 'y'],
      [odd, odd],
    ] as const) {
      byOne.of(one).of(two).value += 1;
      counter.inc({ one, two });
    }
    expect(await registry.metrics()).toBe(await other.metrics());
    expect(await registry.metrics()).toBe(await other.metrics());
  });

  it('prints a histogram as prom-client does', async () => {
    const options = { name: 'a_seconds', help: 'Help.' };
    const [registry, other] = [new Registry(), new Registry()];
    const family = new DurationFamily({ ...options, registry }, ['one', 'two']);
    const histogram = new Histogram({
      ...options,
      labelNames: ['one', 'two'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
      registers: [other],
    });
    const byOne = new ByLabel((one) => new ByLabel((two) => family.series({ one, two })));
    for (const durationMs of [0, 1.234, 2, 2.0001, 333, 15_000, 15_001, 1e9]) {
      for (const [one, two] of [
        ['x', 'y'],
        [odd, ''],
      ] as const) {
        byOne.of(one).of(two).observe(durationMs);
        histogram.observe({ one, two }, durationMs / 1000);
      }
    }
    expect(await registry.metrics()).toBe(await other.metrics());
    // prom-client's has exemplars, too, which are null.
    expect(await other.getMetricsAsJSON()).toMatchObject(await registry.getMetricsAsJSON());
  });
});
