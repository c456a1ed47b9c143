const maxLength = 500;

/**
 * The message in an error body of the API: `errors[0].message`, `message`, or `detail` (RFC 9457), on a
 * single line and cut to 500 characters. `null` where there is none, as in the HTML of a proxy.
 */
export function apiMessage(body: string | null): string | null {
  const envelope = parseObject(body);
  if (envelope === null) return null;
  const { errors, message, detail } = envelope;
  const first: unknown = Array.isArray(errors) ? errors[0] : null;
  return (
    singleLine(isObject(first) ? first.message : null) ?? singleLine(message) ?? singleLine(detail)
  );
}

/** The members of an error body that are read; each may be missing or of another type. */
interface ErrorBody {
  readonly errors?: unknown;
  readonly message?: unknown;
  readonly detail?: unknown;
}

function parseObject(body: string | null): ErrorBody | null {
  // Error bodies are JSON objects; others are skipped without the cost of an exception.
  if (!body?.trimStart().startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is ErrorBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text on a single line, cut to 500 characters; `null` where nothing is in it. */
export function singleLine(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const line = text
    .toWellFormed()
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  if (line === '') return null;
  // Where the cut is within a surrogate pair, both halves are removed.
  return line.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '');
}
