/**
 * The text of server-sent events (WHATWG HTML, section 9.2) as graphql-sse's "distinct connections
 * mode" has them: one response a subscription, `next` for each result, `complete` at the end.
 */
export const completeEvent = 'event: complete\ndata:\n\n';

/** A comment, which clients pass over: it keeps the connection from being taken for idle. */
export const pingEvent = ':\n\n';

/** Less than the minute after which most proxies give up a connection that says nothing. */
export const pingIntervalMs = 12_000;

/** The headers of a stream besides those that every response has. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Some proxies would else wait for the end before they send anything.
  'x-accel-buffering': 'no',
} as const;

/** @param result - JSON text. */
export function nextEvent(result: string): string {
  return `event: next\ndata: ${onOneLine(result)}\n\n`;
}

/** A line feed would end the field. In JSON, line feeds stand between tokens only. */
function onOneLine(json: string): string {
  return json.includes('\n') || json.includes('\r') ? json.replace(/[\n\r]+/g, ' ') : json;
}
