import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Checks `x-router-secret` without telling by its timing how much of a guess was right. Digests are
 * compared because they are of equal length whatever the guess.
 */
export function createSecretCheck(secret: string): (given: unknown) => boolean {
  const expected = digest(secret);
  return (given) => typeof given === 'string' && timingSafeEqual(digest(given), expected);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
