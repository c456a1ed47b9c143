/** How long a browser may remember a preflight's answer, in seconds: Chromium's own maximum. */
const preflightMaxAgeS = 7_200;

const exposedHeaders = 'x-request-id, RateLimit, RateLimit-Policy';

export type HeaderValues = Readonly<Record<string, string>>;

/** The CORS headers (Fetch standard, section 3.3) of the responses to one origin's requests. */
export interface Cors {
  /** @param origin - The request's `origin` header. */
  headersFor(origin: string | null): HeaderValues;
  /**
   * The headers of the answer to a preflight; `null` where the request is none.
   *
   * @param header - Reads a header of the request by its name in lower case.
   */
  preflightHeaders(
    method: string,
    origin: string | null,
    header: (name: string) => string | null,
  ): HeaderValues | null;
}

/**
 * Lets pages of the origins listed read the responses; `*` lets all. Pages of others get no header
 * at all, which is how a browser is told no.
 *
 * Credentials, which are cookies, are never asked for: sessions travel in `authorization`, which a
 * page can set only itself. That is also why any header that is asked for can be allowed.
 */
export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  const allowsAll = allowed.has('*');
  // A cache must not give one origin's answer to another, nor a refusal to all.
  const varies: HeaderValues = allowed.size === 0 || allowsAll ? {} : { vary: 'origin' };

  function headersFor(origin: string | null): HeaderValues {
    if (origin === null || !(allowsAll || allowed.has(origin))) return varies;
    return {
      ...varies,
      'access-control-allow-origin': allowsAll ? '*' : origin,
      'access-control-expose-headers': exposedHeaders,
    };
  }

  return {
    headersFor,
    preflightHeaders(method, origin, header) {
      if (method !== 'OPTIONS' || header('access-control-request-method') === null) return null;
      const headers = headersFor(origin);
      if (!('access-control-allow-origin' in headers)) return headers;
      const requested = header('access-control-request-headers');
      return {
        ...headers,
        'access-control-allow-methods': 'GET, POST',
        'access-control-max-age': String(preflightMaxAgeS),
        ...(requested !== null && { 'access-control-allow-headers': requested }),
      };
    },
  };
}
