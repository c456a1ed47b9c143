import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { startStallMeter, wallMs } from '../support/stall-meter.ts';
import { faultKinds, faults, type Fault } from './fault-catalogue.ts';
import { isOwn, planCalls, runClients, violationOf, type AnsweredCall } from './fault-clients.ts';

const clients = 50;
const deadlineMs = 500;
const seed = 20_250_101;

describe('fifty clients of an API that misbehaves', () => {
  let gateway: TestGateway;
  const meter = startStallMeter();
  const warnings: Error[] = [];
  const warn = (warning: Error) => void warnings.push(warning);

  beforeAll(async () => {
    process.on('warning', warn);
    gateway = await startTestGateway({
      env: { UPSTREAM_TIMEOUT_MS: String(deadlineMs), LOG_LEVEL: 'error' },
    });
  });
  afterAll(async () => {
    process.off('warning', warn);
    meter.stop();
    await gateway.close();
  });

  async function ask(kinds: readonly Fault[], callsEach: number, run = 'same') {
    const plan = planCalls(kinds, { clients, callsEach, seed });
    return runClients(gateway, gateway.upstream, plan, run);
  }

  function violations(
    calls: readonly AnsweredCall[],
    outages: readonly { fromMs: number; toMs: number }[] = [],
  ): readonly (string | null)[] {
    const promises = { deadlineMs, stalls: meter.stalls(), outages };
    return calls
      .map((call) => violationOf(call, promises))
      .filter((violation) => violation !== null);
  }

  /** Until the circuit has closed, which takes up to five seconds after an outage. */
  async function recover(): Promise<void> {
    gateway.upstream.clear();
    gateway.upstream.seed({ id: 'ctx_1' });
    await expect
      .poll(() => runOne(gateway, 'fetch'), { timeout: 5_000, interval: 50 })
      .toMatchObject({ id: 'ctx_1' });
  }

  it.each(faultKinds.map((fault) => [fault.name, fault] as const))(
    'are each told in time of %s',
    async (_name, fault) => {
      await recover();
      const calls = await ask([fault], 1, fault.name);
      expect(violations(calls)).toEqual([]);
      expect(calls.filter(isOwn).length).toBeGreaterThan(0);
    },
  );

  it('are each told in time what became of their call, whatever fault it met', async () => {
    await recover();
    const calls = await ask(faults, 8, 'mixed');
    expect(violations(calls)).toEqual([]);
    expect(calls.filter(isOwn).length).toBeGreaterThan(clients);
  });

  it('are each told in time while it goes down and comes back', async () => {
    await recover();
    const asking = ask(faults.slice(0, 3), 12, 'outage');
    const fromMs = wallMs();
    await gateway.upstream.received(clients);
    await gateway.upstream.stop();
    await sleep(deadlineMs);
    await gateway.upstream.start();
    const toMs = wallMs();
    const calls = await asking;
    expect(violations(calls, [{ fromMs, toMs }])).toEqual([]);
    expect(calls.filter((call) => !isOwn(call)).length).toBeGreaterThan(0);
  });

  it('leave nothing behind', async () => {
    await recover();
    await expect
      .poll(async () => (await fetch(`${gateway.url}/metrics`)).text())
      .toMatch(/^gateway_requests_in_flight 0$[^]*^gateway_upstream_calls_in_flight 0$/m);
    expect(warnings).toEqual([]);
    // What it complains of is the API.
    const complaints = gateway.logs().split('\n').slice(0, -1);
    expect(complaints.filter((line) => !line.includes('"msg":"upstream circuit"'))).toEqual([]);
  });
});
