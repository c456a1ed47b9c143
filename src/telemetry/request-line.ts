import { quoteJson } from '../json/index.ts';

/** The log line of a request whose response is complete or whose client has left. */
export interface RequestLine {
  /** 1 to 128 visible ASCII characters. */
  readonly requestId: string;
  readonly method: string | undefined;
  /** A known path of the gateway: any other path may contain secrets. */
  readonly path: string;
  readonly status: number;
  /** Whether the client received the whole response. */
  readonly complete: boolean;
  readonly durationMs: number;
  /** `null` where the request was not for the GraphQL endpoint. */
  readonly operation: string | null;
  /** The number of root fields by result type or error code; `null` where there were none. */
  readonly results: Readonly<Record<string, number>> | null;
}

/**
 * Composes the line as pino would write it, at a third of the cost: there is one line for each request,
 * and all its members are known.
 *
 * @param time - From {@link isoTime}.
 * @param bindings - Members that every line of the logger has, as JSON text; may be empty.
 */
export function composeRequestLine(
  level: 'info' | 'error',
  time: string,
  bindings: string,
  { requestId, method, path, status, complete, durationMs, operation, results }: RequestLine,
): string {
  return `{"level":"${level}","time":"${time}"${bindings && `,${bindings}`},"requestId":${quoteJson(requestId)}${
    method === undefined ? '' : `,"method":${quoteJson(method)}`
  },"path":${quoteJson(path)},"status":${status},"complete":${complete ? 'true' : 'false'},"durationMs":${
    Math.round(durationMs * 10) / 10
  }${
    operation === null ? '' : `,"operation":${quoteJson(operation)},"results":{${members(results)}}`
  },"msg":"request"}\n`;
}

function members(results: RequestLine['results']): string {
  let text = '';
  for (const key in results) text += `${text && ','}${quoteJson(key)}:${results[key] ?? 0}`;
  return text;
}

let cachedSecond = NaN;
let cachedPrefix = '';

/** The present time as `Date.prototype.toISOString` writes it, formatted anew once a second. */
export function isoTime(): string {
  const now = Date.now();
  const ms = now % 1000;
  if (now - ms !== cachedSecond) {
    cachedSecond = now - ms;
    cachedPrefix = new Date(cachedSecond).toISOString().slice(0, -'000Z'.length);
  }
  return `${cachedPrefix}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z`;
}
