import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** One request as it came off the wire. */
export interface RecordedRequest {
  readonly method: string;
  /** The request target, undecoded, with its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body's text; empty where there was none. */
  readonly body: string;
  /** 1 for the first request of a connection, 2 when the connection is reused, and so on. */
  readonly ordinalOnConnection: number;
  /** Resolves when the connection ends before a whole answer was sent; may never settle. */
  readonly abandoned: Promise<void>;
}

/** What the API itself would answer, already applied to its store. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A request under way, as an {@link Answer} gets to treat it. */
export interface Exchange {
  readonly request: RecordedRequest;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Aborted when the connection is gone, whoever closed it. */
  readonly gone: AbortSignal;
  /** Lets the in-memory API do its work, and sends nothing. */
  api(): Promise<ApiAnswer>;
}

/** Answers one request, or fails to on purpose. */
export type Answer = (exchange: Exchange) => void | Promise<void>;
