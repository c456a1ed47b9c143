import type { Cancellation } from './cancellation.ts';

/** Until when a field's upstream work may take, on the clock of `performance.now()`. */
export type Deadline = number;

/** The GraphQL field on whose behalf the API is asked. */
export interface UpstreamCall {
  readonly requestId: string;
  /** The caller's own token, sent in `forward` mode. */
  readonly token: string | null;
  /** W3C trace context of the incoming request, passed on as it came. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string } | undefined;
  /** Fires when the client has gone away. */
  readonly signal?: Cancellation | undefined;
  /** Shared by all the calls one field makes. @default a new one for each call */
  readonly deadline?: Deadline | undefined;
}
