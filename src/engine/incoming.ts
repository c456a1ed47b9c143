import { randomUUID } from 'node:crypto';

import type { Cancellation } from '../cancellation.ts';
import { RateLimitHeaders } from '../rate-limit/headers.ts';
import type { Limit } from '../rate-limit/limit.ts';
import type { RateLimitDecision } from '../rate-limit/store.ts';
import type { OperationLabel } from '../telemetry/metrics.ts';
import type { Span, TraceContext } from '../telemetry/tracing.ts';

/** A request as a door passes it to the engine: all that an operation can know of its transport. */
export interface Incoming {
  readonly requestId: string;
  /** The unchanged `Authorization` header; `null` where there is none. */
  readonly authorization: string | null;
  /** The trace context that the client sent. */
  readonly trace: TraceContext | undefined;
  /** The span of the request, which the door ends; `null` where nothing is traced. */
  readonly span: Span | null;
  /** Tells when the client disconnects; `null` where the door cannot know. */
  readonly departure: Cancellation | null;
  /** Where the engine records what the door writes besides the result. */
  readonly outgoing: Outgoing;
}

/** What the engine reports to a door besides the result of a request: for headers and the log. */
export class Outgoing {
  operation: OperationLabel = 'none';
  /** The name of the operation; `null` where it has none. */
  operationName: string | null = null;
  /** The number of root fields by the union member or error code that they returned. */
  results: Record<string, number> | null = null;
  /** The decisions of the limiter; `null` where it was not asked. */
  limits: RateLimitHeaders | null = null;
  /**
   * Whether the stream ends although more events are expected, because the gateway shuts down. A door
   * then ends the stream without a `complete` message: clients reconnect only where none was sent.
   */
  isInterrupted = false;

  /**
   * Counts the result of a root field.
   *
   * @param key - The error's code; the member of the result union for a success.
   */
  noteResult(key: string): void {
    if (this.results === null) this.results = { [key]: 1 };
    else this.results[key] = (this.results[key] ?? 0) + 1;
  }

  /** Adds a decision of the limiter to {@link limits}. */
  noteDecision(limit: Limit, decision: RateLimitDecision): void {
    this.limits ??= new RateLimitHeaders();
    this.limits.note(limit, decision);
  }
}

/**
 * Returns the id of a request: its `x-request-id` where that is 1 to 128 visible ASCII characters,
 * which are safe in a log line and a header, else a random UUID.
 */
export function acceptRequestId(given: string | null | undefined): string {
  return given && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}

/** Version 00 has four fields; later versions may append more, and ff is invalid (section 3.2). */
const traceparentForm =
  /^(?:00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}|(?!00|ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-[\x21-\x7e]{1,256})?)$/;

/** At least 512 characters must be propagated (section 3.3.1.5). A longer value is dropped. */
const tracestateForm = /^[\x20-\x7e]{1,512}$/;

/**
 * Reads the W3C Trace Context of a request, which is propagated upstream or is the parent of its spans.
 *
 * @returns `undefined` where `traceparent` is absent or invalid; `tracestate` is then ignored too
 *   (section 3.3.1).
 */
export function readTraceContext(
  traceparent: string | null | undefined,
  tracestate: string | null | undefined,
): TraceContext | undefined {
  if (!traceparent || !traceparentForm.test(traceparent)) return undefined;
  return tracestate && tracestateForm.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
}
