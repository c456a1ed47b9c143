import { randomUUID } from 'node:crypto';

import { RateLimitHeaders } from '../rate-limit/headers.ts';
import type { Limit } from '../rate-limit/limit.ts';
import type { RateLimitDecision } from '../rate-limit/store.ts';
import type { Departure } from '../rest/request.ts';
import type { OperationLabel } from '../telemetry/metrics.ts';
import type { Span, TraceContext } from '../telemetry/tracing.ts';

/** A request as a door hands it to the engine: all that an operation may know of how it came. */
export interface Incoming {
  readonly requestId: string;
  /** The `Authorization` header as it came; `null` where there is none. */
  readonly authorization: string | null;
  /** The client's. */
  readonly trace: TraceContext | undefined;
  /** The request's; `null` where nothing is traced. Whoever made it ends it. */
  readonly span: Span | null;
  /** Whether the client is still there; `null` where the door cannot tell. */
  readonly departure: Departure | null;
  /** Where the engine notes what the door writes besides the result. */
  readonly outgoing: Outgoing;
}

/** What the engine tells a door of a request, besides its result: for headers and the log. */
export class Outgoing {
  operation: OperationLabel = 'none';
  /** What the client calls its operation; `null`: nothing. */
  operationName: string | null = null;
  /** How many root fields were answered with each member, or error code. */
  results: Record<string, number> | null = null;
  /** What the limiter decided; `null` where it was not asked. */
  limits: RateLimitHeaders | null = null;
  /**
   * Whether its stream ends though there will be more to see, as the gateway shuts down. A door then
   * ends the connection without saying that the stream is complete: after that word clients would be
   * done, and without it they connect again by themselves.
   */
  isInterrupted = false;

  /** @param key - The error's code; the member of the result union for a success. */
  noteResult(key: string): void {
    if (this.results === null) this.results = { [key]: 1 };
    else this.results[key] = (this.results[key] ?? 0) + 1;
  }

  noteDecision(limit: Limit, decision: RateLimitDecision): void {
    this.limits ??= new RateLimitHeaders();
    this.limits.note(limit, decision);
  }
}

/**
 * A request's id: its `x-request-id` where that is 1 to 128 visible ASCII characters, so that it can
 * stand in a log line and a header, else one made up.
 */
export function acceptRequestId(given: string | null | undefined): string {
  return given && /^[\x21-\x7e]{1,128}$/.test(given) ? given : randomUUID();
}

/** Version 00 has four fields; later ones may append more, and ff is no version (section 3.2). */
const traceparentForm =
  /^(?:00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}|(?!00|ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-[\x21-\x7e]{1,256})?)$/;

/** Section 3.3.1.5: at least 512 characters are to be passed on. What is longer is dropped. */
const tracestateForm = /^[\x20-\x7e]{1,512}$/;

/**
 * A request's W3C Trace Context, to be passed upstream or to trace below; undefined where it has none or
 * one of another form, without which its `tracestate` means nothing (section 3.3.1).
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
