/** How long a browser may cache the response to a preflight, in seconds: Chromium's maximum. */
const preflightMaxAgeS = 7_200;

const exposedHeaders = 'x-request-id, RateLimit, RateLimit-Policy';

/** Headers by their names in lower case. */
export type HeaderValues = Readonly<Record<string, string>>;

/** The CORS headers of responses (Fetch standard, section 3.3). */
export interface Cors {
  /**
   * Returns the CORS headers of a response.
   *
   * @param origin - The request's `origin` header.
   */
  headersFor(origin: string | null): HeaderValues;
  /**
   * Returns the headers of the response to a preflight request.
   *
   * @param header - Reads a header of the request by its name in lower case.
   * @returns `null` where the request is not a preflight.
   */
  preflightHeaders(
    method: string,
    origin: string | null,
    header: (name: string) => string | null,
  ): HeaderValues | null;
}

/**
 * Allows pages of the listed origins, or of all with `*`, to read the responses. Responses to other
 * origins have no `access-control-allow-origin`, so that browsers refuse access to them.
 *
 * Credentials (cookies) are never allowed: session tokens are sent in `authorization`, which only the
 * page itself can set. For the same reason every header that a preflight requests is allowed.
 */
export function createCors(origins: readonly string[]): Cors {
  const allowed = new Set(origins);
  const allowsAll = allowed.has('*');
  // A cache must not serve the response for one origin to another.
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
