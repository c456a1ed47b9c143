import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SessionClaims } from './session-claims.ts';

export interface VerifiedTokensOptions {
  /** Tokens remembered at most: beyond, the least recently used is forgotten. */
  readonly max: number;
  /** Longest time in milliseconds a token is taken for verified. */
  readonly maxAgeMs: number;
  /** The time in milliseconds. */
  readonly clock: () => number;
}

/** What verified tokens said, so that not every request pays for a signature check. */
export interface VerifiedTokens {
  get: (digest: TokenDigest) => SessionClaims | undefined;
  /** @param refusedAt when the token itself stops being valid, in milliseconds */
  add: (digest: TokenDigest, claims: SessionClaims, refusedAt: number) => void;
}

/** Stands for a token where the token itself should not be kept. */
export type TokenDigest = string & { readonly __brand: 'TokenDigest' };

/**
 * The SHA-256 of a token. It costs about 1.5 microseconds, and keeps thousands of live credentials
 * of up to 8 KiB each out of the heap and its dumps.
 */
export function digestToken(token: string): TokenDigest {
  return hash('sha256', token, 'base64url') as TokenDigest;
}

export function createVerifiedTokens(options: VerifiedTokensOptions): VerifiedTokens {
  const { max, maxAgeMs, clock } = options;
  const entries = new LRUCache<TokenDigest, { claims: SessionClaims; until: number }>({ max });
  return {
    get(digest) {
      const entry = entries.get(digest);
      if (entry === undefined) return undefined;
      if (clock() < entry.until) return entry.claims;
      entries.delete(digest);
      return undefined;
    },
    add(digest, claims, refusedAt) {
      entries.set(digest, { claims, until: Math.min(refusedAt, clock() + maxAgeMs) });
    },
  };
}
