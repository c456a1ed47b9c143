import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Creates the check of `x-router-secret`. It takes constant time, so that timing does not reveal how
 * much of a guess is right; it compares digests because they have the same length for every guess.
 *
 * @param secret - The expected value; `null` accepts any value, and none.
 */
export function createSecretCheck(secret: string | null): (given: string | null) => boolean {
  if (secret === null) return () => true;
  const expected = digest(secret);
  return (given) => given !== null && timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
