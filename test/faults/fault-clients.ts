import fc from 'fast-check';

import {
  keyOf,
  operationNames,
  runOne,
  type GatewayFront,
  type OperationName,
  type Result,
} from '../support/operations.ts';
import { stalledMs, wallMs, type Stall } from '../support/stall-meter.ts';
import type { Upstream } from '../support/upstream.ts';
import { late, lost, neverSent, type Fault, type Outcome } from './fault-catalogue.ts';

/** A call, and the fault that the API will answer it with. */
export interface PlannedCall {
  readonly operation: OperationName;
  readonly fault: Fault;
}

/** A call as its client saw it. Times are of `wallMs`. */
export interface AnsweredCall extends PlannedCall {
  /** A complaint where the answer was not HTTP 200 without top-level errors. */
  readonly result: Result | Error;
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** What an answer is held to. */
export interface Promises {
  /** The deadline of the API's work in a field, in milliseconds. */
  readonly deadlineMs: number;
  /** When the processes had no time to work. */
  readonly stalls: readonly Stall[];
  /** When the API was down altogether. */
  readonly outages?: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** What an answer may take besides the API's part of it, in milliseconds. */
const graceMs = 500;

/** A list of calls for each of `clients`, the same for the same seed. */
export function planCalls(
  faults: readonly Fault[],
  { clients, callsEach, seed }: { clients: number; callsEach: number; seed: number },
): PlannedCall[][] {
  const call = fc.record({
    operation: fc.constantFrom(...operationNames),
    fault: fc.nat({ max: faults.length - 1 }).map((i) => faults[i] ?? fail(i)),
  });
  const calls = fc.array(call, { minLength: callsEach, maxLength: callsEach, size: 'max' });
  return fc.sample(calls, { seed, numRuns: clients });
}

function fail(index: number): never {
  throw new RangeError(`There is no fault ${index}.`);
}

/** Lets the API answer each call with the fault that was planned for it. */
function misbehave(upstream: Upstream, calls: ReadonlyMap<string, PlannedCall>): void {
  upstream.clear();
  upstream.always((exchange) => {
    const call = calls.get(keyOf(exchange.request));
    return call?.fault.answer(exchange);
  });
}

/**
 * Runs every client's calls one after the other, and all clients at once.
 *
 * @param run - Part of the ids that are asked for. Contexts that failed before and fail again do
 *   not speak against the API as a whole; new ones do.
 */
export async function runClients(
  gateway: GatewayFront,
  upstream: Upstream,
  plan: readonly (readonly PlannedCall[])[],
  run: string,
): Promise<AnsweredCall[]> {
  const keyed = plan.map((calls, client) =>
    calls.map((call, i) => [`${run}-${client}-${i}`, call] as const),
  );
  misbehave(upstream, new Map(keyed.flat()));
  const answered = await Promise.all(
    keyed.map(async (calls) => {
      const answers: AnsweredCall[] = [];
      for (const [key, call] of calls) answers.push(await answer(gateway, key, call));
      return answers;
    }),
  );
  return answered.flat();
}

async function answer(
  gateway: GatewayFront,
  key: string,
  call: PlannedCall,
): Promise<AnsweredCall> {
  const token = await gateway.freshToken();
  const askedMs = wallMs();
  const result = await runOne(gateway, call.operation, key, { token }).catch(
    (error: unknown) => error as Error,
  );
  return { ...call, result, askedMs, answeredMs: wallMs() };
}

/** What is wrong with an answer; `null` where every promise was kept. */
export function violationOf(call: AnsweredCall, promises: Promises): string | null {
  const { operation, fault, result, askedMs, answeredMs } = call;
  const what = `${operation} with ${fault.name}`;
  if (result instanceof Error) return `${what}: ${result.message}`;
  const tookMs = answeredMs - askedMs;
  const lostMs = stalledMs(promises.stalls, askedMs, answeredMs);
  if (tookMs - lostMs > promises.deadlineMs + graceMs) {
    return `${what}: answered after ${Math.round(tookMs)} ms, ${Math.round(lostMs)} of them stalled`;
  }
  return allowed(call, promises).some((outcome) => matches(result, outcome))
    ? null
    : `${what}: answered with ${JSON.stringify(result)} after ${Math.round(tookMs)} ms`;
}

function allowed(call: AnsweredCall, { deadlineMs, outages = [] }: Promises): Outcome[] {
  const { operation, fault, askedMs, answeredMs } = call;
  const outcomes = [...fault.outcomes(operation), neverSent];
  if (outages.some(({ fromMs, toMs }) => fromMs < answeredMs && toMs > askedMs)) {
    outcomes.push(lost(operation));
  }
  // A machine with much to do may need the whole deadline for what takes a moment.
  if (answeredMs - askedMs >= deadlineMs - 1) outcomes.push(late(operation));
  return outcomes;
}

/** Whether an answer is the fault's own, rather than that of a gateway that did not even ask. */
export function isOwn({ operation, fault, result }: AnsweredCall): boolean {
  return (
    !(result instanceof Error) &&
    fault.outcomes(operation).some((outcome) => matches(result, outcome))
  );
}

function matches(result: Result, outcome: Outcome): boolean {
  return Object.entries(outcome).every(([key, value]) => result[key as keyof Result] === value);
}
