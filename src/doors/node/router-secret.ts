import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Checks `x-router-secret` without telling by its timing how much of a guess was right. Digests are
 * compared because they are of equal length whatever the guess.
 *
 * @param secret - What it must be; `null`: anything, or nothing.
 */
export function createSecretCheck(secret: string | null): (given: string | null) => boolean {
  if (secret === null) return () => true;
  const expected = digest(secret);
  return (given) => given !== null && timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
