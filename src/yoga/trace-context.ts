import type { UpstreamCall } from '../upstream/client.ts';

/** Version 00 has four fields; later ones may append more, and ff is no version (section 3.2). */
const traceparentForm =
  /^(?:00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}|(?!00|ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-[\x21-\x7e]{1,256})?)$/;

/** Section 3.3.1.5: at least 512 characters are to be passed on. What is longer is dropped. */
const tracestateForm = /^[\x20-\x7e]{1,512}$/;

/**
 * A request's W3C Trace Context, to be passed upstream as it came; undefined where it has none or
 * one of another form, without which its `tracestate` means nothing (section 3.3.1).
 */
export function traceContextOf(headers: Pick<Headers, 'get'>): UpstreamCall['trace'] {
  const traceparent = headers.get('traceparent');
  if (traceparent === null || !traceparentForm.test(traceparent)) return undefined;
  const tracestate = headers.get('tracestate');
  return tracestate !== null && tracestateForm.test(tracestate)
    ? { traceparent, tracestate }
    : { traceparent };
}
