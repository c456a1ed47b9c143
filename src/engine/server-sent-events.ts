/**
 * The last event of a complete stream. The events are server-sent events (WHATWG HTML, section 9.2) as
 * the "distinct connections mode" of graphql-sse defines them: one response per subscription, `next`
 * for each result, `complete` at the end.
 */
export const completeEvent = 'event: complete\ndata:\n\n';

/** A comment, which clients ignore: it prevents proxies from closing the connection as idle. */
export const pingEvent = ':\n\n';

/** The time between two comments, in milliseconds. Most proxies close an idle connection after 60 s. */
export const pingIntervalMs = 12_000;

/** The headers of a stream, besides those of every response. */
export const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  // Some proxies would otherwise buffer the whole response.
  'x-accel-buffering': 'no',
} as const;

/**
 * Writes the event of one result.
 *
 * @param result - The result as JSON text.
 */
export function nextEvent(result: string): string {
  return `event: next\ndata: ${onOneLine(result)}\n\n`;
}

/** A line break would end the field. JSON has line breaks only between tokens. */
function onOneLine(json: string): string {
  return json.includes('\n') || json.includes('\r') ? json.replace(/[\n\r]+/g, ' ') : json;
}
