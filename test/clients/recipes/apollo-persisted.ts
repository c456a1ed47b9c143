import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';

import { hashOf } from './documents.ts';

/** Automatic persisted queries, by GET: the option `persisted` of `createApolloClient`. */
export const automatic = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });

/** Trusted documents, for subscriptions too: codegen has put the hash into each document. */
export const trusted = new PersistedQueryLink({ generateHash: hashOf });

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
