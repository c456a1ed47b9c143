import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  createCircuit,
  withCircuit,
  type Circuit,
  type CircuitState,
} from '../../src/rest/circuit.ts';
import type { Failure, Outcome } from '../../src/rest/outcome.ts';
import { createClock, type FrozenClock } from '../support/clock.ts';
import { requestOf } from './calls.ts';

const answer = (status: number): Outcome => ({
  kind: 'answer',
  status,
  body: null,
  refusal: null,
  header: () => null,
  headers: () => ({}),
});
const failure = (reason: Failure['reason']): Outcome => ({
  kind: 'failure',
  reason,
  sent: true,
  cause: new Error(reason),
});

const fine = answer(200);
const down = answer(503);

/** One call through the circuit. */
function execute(circuit: Circuit, path: string, send: () => Promise<Outcome>): Promise<Outcome> {
  const guarded = withCircuit(circuit, (_, settle) => {
    void send().then(settle);
  });
  return new Promise((resolve) => {
    guarded(requestOf({ path }), resolve);
  });
}

/** A call whose outcome the test decides later. */
function pendingCall() {
  let settle: (outcome: Outcome) => void = () => undefined;
  const outcome = new Promise<Outcome>((resolve) => (settle = resolve));
  return { send: () => outcome, settle };
}

describe('a circuit', () => {
  let clock: FrozenClock;
  let changes: CircuitState[];
  let circuit: Circuit;
  beforeEach(() => {
    clock = createClock();
    changes = [];
    circuit = createCircuit({
      now: () => clock.now(),
      onStateChange: (state) => changes.push(state),
    });
  });

  const call = (outcome: Outcome, path = '/a') =>
    execute(circuit, path, () => Promise.resolve(outcome));

  async function calls(count: number, outcome: Outcome, path: (i: number) => string = () => '/a') {
    for (let i = 0; i < count; i += 1) await call(outcome, path(i));
  }

  /** Whether a call gets through. */
  async function lets(path: string, outcome: Outcome): Promise<boolean> {
    return (await call(outcome, path)) === outcome;
  }

  it.each([
    ['502', answer(502)],
    ['503', down],
    ['504', answer(504)],
    ['a lost connection', failure('connection')],
    ['a time-out', failure('timeout')],
  ])('opens at fifty calls of which most end in %s', async (_, outage) => {
    await calls(24, fine, (i) => `/${i}`);
    await calls(25, outage, (i) => `/${i}`);
    expect(circuit.state).toBe('closed');
    await call(outage, '/another');
    expect(circuit.state).toBe('open');
  });

  it.each([
    ['500', answer(500)],
    ['429', answer(429)],
    ['404', answer(404)],
    ['401', answer(401)],
    ['302', answer(302)],
    ['a client that went away', failure('canceled')],
  ])('stays closed whatever number of calls ends in %s', async (_, outcome) => {
    await calls(500, outcome, (i) => `/${i}`);
    expect(circuit.state).toBe('closed');
  });

  it('stays closed while few calls fail', async () => {
    await calls(49, down);
    expect(circuit.state).toBe('closed');
  });

  it('opens though only one context is asked for', async () => {
    await calls(50, down);
    expect(circuit.state).toBe('open');
  });

  /** `/bad` fails always, while every twentieth call is for another context and is answered. */
  async function oneBadContext(): Promise<void> {
    for (let i = 0; i < 1_000; i += 1)
      await (i % 20 === 0 ? call(fine, '/good') : call(down, '/bad'));
  }

  it('stays closed while one context fails always and others are answered now and then', async () => {
    await oneBadContext();
    expect(changes).toEqual([]);
  });

  it('opens under an outage that follows on the failures of one context', async () => {
    await oneBadContext();
    await calls(100, down, (i) => `/${i}`);
    expect(circuit.state).toBe('open');
  });

  describe('that is open', () => {
    beforeEach(async () => {
      await calls(50, down);
    });

    it('answers at once, and asks nobody', async () => {
      let asked = false;
      const outcome = await execute(circuit, '/a', () => {
        asked = true;
        return Promise.resolve(fine);
      });
      expect(outcome).toMatchObject({ kind: 'failure', reason: 'shed', sent: false });
      expect(asked).toBe(false);
    });

    it('lets one call through after a second, and no other beside it', async () => {
      clock.advance(999);
      expect(await lets('/a', fine)).toBe(false);
      clock.advance(1);
      const probe = pendingCall();
      const outcome = execute(circuit, '/a', probe.send);
      expect(circuit.state).toBe('half-open');
      for (const path of ['/a', '/b', '/c']) expect(await lets(path, fine)).toBe(false);
      probe.settle(fine);
      expect(await outcome).toBe(fine);
      expect(changes).toEqual(['open', 'half-open', 'closed']);
      expect(await lets('/b', fine)).toBe(true);
    });

    it('waits another second where that call fails as well', async () => {
      clock.advance(1_000);
      expect(await lets('/a', down)).toBe(true);
      expect(circuit.state).toBe('open');
      clock.advance(999);
      expect(await lets('/b', fine)).toBe(false);
      clock.advance(1);
      expect(await lets('/b', fine)).toBe(true);
      expect(circuit.state).toBe('closed');
    });

    it('tries another context next, where there is another', async () => {
      clock.advance(1_000);
      expect(await lets('/bad', down)).toBe(true);
      clock.advance(1_000);
      expect(await lets('/bad', down)).toBe(false);
      expect(await lets('/good', fine)).toBe(true);
      expect(circuit.state).toBe('closed');
    });

    it('tries the same context later, where there is no other', async () => {
      clock.advance(1_000);
      await call(down, '/only');
      clock.advance(2_000);
      expect(await lets('/only', fine)).toBe(true);
      expect(circuit.state).toBe('closed');
    });

    it('tries another call where the one before takes too long', async () => {
      clock.advance(1_000);
      const slow = pendingCall();
      const outcome = execute(circuit, '/slow', slow.send);
      clock.advance(1_999);
      expect(await lets('/a', fine)).toBe(false);
      clock.advance(1);
      expect(await lets('/a', fine)).toBe(true);
      expect(circuit.state).toBe('closed');
      slow.settle(failure('timeout'));
      await outcome;
      expect(circuit.state).toBe('closed');
    });

    it('tries another call where the client of the one before went away', async () => {
      clock.advance(1_000);
      await call(failure('canceled'));
      clock.advance(1_000);
      expect(await lets('/a', fine)).toBe(true);
      expect(circuit.state).toBe('closed');
    });
  });

  it('holds nothing against an API that is back that happened to calls from before', async () => {
    const before = Array.from({ length: 200 }, () => pendingCall());
    const outcomes = before.map(({ send }, i) => execute(circuit, `/${i}`, send));
    await calls(50, down);
    clock.advance(1_000);
    await call(fine);
    for (const { settle } of before) settle(failure('timeout'));
    await Promise.all(outcomes);
    expect(changes).toEqual(['open', 'half-open', 'closed']);
  });

  it('goes by the last ten seconds, however much failed before', async () => {
    await calls(49, down);
    clock.advance(13_000);
    await calls(49, down);
    expect(circuit.state).toBe('closed');
    clock.advance(9_000);
    await call(down);
    expect(circuit.state).toBe('open');
  });

  it('forgets a second at a time', async () => {
    await calls(25, down);
    clock.advance(3_000);
    await calls(24, down);
    clock.advance(9_000);
    await calls(25, down);
    expect(circuit.state).toBe('closed');
    await call(down);
    expect(circuit.state).toBe('open');
  });

  it('begins to count anew when it closes', async () => {
    await calls(50, down);
    clock.advance(1_000);
    await call(fine);
    await calls(48, down, (i) => `/${i}`);
    expect(circuit.state).toBe('closed');
    await call(down, '/another');
    expect(circuit.state).toBe('open');
  });
});

describe('a circuit whose wall clock jumps', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each([
    ['ahead', 3_600_000],
    ['back', -3_600_000],
  ])('counts on where it jumps %s', async (_, ms) => {
    const circuit = createCircuit();
    for (let i = 0; i < 50; i += 1) {
      if (i === 25) vi.spyOn(Date, 'now').mockReturnValue(Date.now() + ms);
      await execute(circuit, '/a', () => Promise.resolve(down));
    }
    expect(circuit.state).toBe('open');
  });
});
