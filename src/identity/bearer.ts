import { AuthenticationError } from '../errors.ts';

/** The longest token that is accepted, in characters. Node accepts 16 KiB of headers in all. */
export const maxTokenLength = 8192;

// RFC 6750 section 2.1: credentials = "Bearer" 1*SP b64token. Schemes are case-insensitive (RFC 9110 section 11.1).
const credentials = /^bearer +(?<token>[A-Za-z0-9\-._~+/]+=*)$/i;
const bearerScheme = /^bearer(?: |$)/i;

/**
 * The token in an `Authorization` header (RFC 6750 section 2.1); `null` where it has none.
 *
 * @param authorization - The header's value; `null` where there is none.
 */
export function findBearerToken(authorization: string | null): string | null {
  const value = authorization?.trim() ?? '';
  return isTooLong(value) ? null : (credentials.exec(value)?.groups?.['token'] ?? null);
}

/**
 * As {@link findBearerToken}.
 *
 * @throws {AuthenticationError} Saying what is wrong with the header, without repeating it.
 */
export function readBearerToken(authorization: string | null): string {
  const token = findBearerToken(authorization);
  if (token === null) throw new AuthenticationError(whatIsWrong(authorization?.trim() ?? ''));
  return token;
}

function isTooLong(value: string): boolean {
  return value.length > maxTokenLength + 'Bearer '.length;
}

function whatIsWrong(value: string): string {
  if (isTooLong(value)) {
    return `The Authorization header is too long: a session token has at most ${maxTokenLength} characters.`;
  }
  if (value === '') {
    return 'There is no session token: send one in the header "Authorization: Bearer <token>".';
  }
  if (!bearerScheme.test(value)) {
    return 'The Authorization header is not of the Bearer scheme: send "Authorization: Bearer <token>".';
  }
  if (/^bearer *$/i.test(value)) {
    return 'The Authorization header has no token after "Bearer".';
  }
  // HTTP joins the values of a repeated header with commas, which no token contains.
  if (value.includes(',')) {
    return 'There is more than one credential in the Authorization header: send one token.';
  }
  return 'The token in the Authorization header contains characters that a bearer token cannot have.';
}
