/** How long a browser may remember a preflight's answer, in seconds: Chromium's own maximum. */
const preflightMaxAgeS = 7_200;

const exposedHeaders = 'x-request-id, RateLimit, RateLimit-Policy';

export type HeaderValues = Readonly<Record<string, string>>;

/** What a browser wants to know of a request that another origin's page is about to send. */
export interface Preflight {
  /** `access-control-request-headers`. */
  readonly requestedHeaders: string | null;
}

/** The CORS headers (Fetch standard, section 3.3) of the responses to one origin's requests. */
export interface Cors {
  /** @param origin - The request's `origin` header. */
  headersFor(origin: string | null): HeaderValues;
  preflightHeadersFor(origin: string | null, preflight: Preflight): HeaderValues;
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
    preflightHeadersFor(origin, { requestedHeaders }) {
      const headers = headersFor(origin);
      if (!('access-control-allow-origin' in headers)) return headers;
      return {
        ...headers,
        'access-control-allow-methods': 'GET, POST',
        'access-control-max-age': String(preflightMaxAgeS),
        ...(requestedHeaders !== null && { 'access-control-allow-headers': requestedHeaders }),
      };
    },
  };
}
