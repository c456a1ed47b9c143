import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** One call of the load, as its client saw it. Times are of `performance.now()`. */
export interface Call {
  readonly requestId: string;
  readonly sentMs: number;
  readonly answeredMs: number;
  readonly result: CallResult;
}

export interface CallResult {
  readonly __typename: string;
  readonly source?: string;
  /** `null` where nobody could count the call. */
  readonly limit?: number | null;
}

export interface OverloadOptions {
  /** The GraphQL endpoint. */
  readonly url: string;
  readonly token: string;
  readonly contextId: string;
  /** On the clock of `performance.now()`. */
  readonly untilMs: number;
  /** Milliseconds between an answer and the next call. */
  readonly pauseMs: number;
}

const query = /* GraphQL */ `
  mutation ($id: ID!, $context: JSON) {
    result: updateExecutionContext(id: $id, input: { context: $context }) {
      __typename
      ... on ExecutionContextRateLimitError {
        source
        limit
      }
    }
  }
`;

/** Updates one context again and again, one call after the other. */
export async function overload(options: OverloadOptions): Promise<Call[]> {
  const { url, token, contextId, untilMs, pauseMs } = options;
  const calls: Call[] = [];
  while (performance.now() < untilMs) {
    const requestId = randomUUID();
    const sentMs = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        'x-request-id': requestId,
      },
      body: JSON.stringify({ query, variables: { id: contextId, context: requestId } }),
    });
    const { data } = (await response.json()) as { data: { result: CallResult } };
    calls.push({ requestId, sentMs, answeredMs: performance.now(), result: data.result });
    await sleep(pauseMs);
  }
  return calls;
}
