import { createHash } from 'node:crypto';

/** Characters in every digest. */
export const digestLength = 43;

/**
 * A user id as a key of fixed length and harmless characters. Ids are arbitrary text: they may hold
 * what a store's keys give meaning to (`{`, `}`, `:`) or be very long. Hashed by UTF-16 code unit,
 * as UTF-8 would make all lone surrogates one.
 */
export function digestUser(user: string): string {
  return createHash('sha256').update(user, 'utf16le').digest('base64url');
}
