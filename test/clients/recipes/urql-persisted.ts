import { persistedExchange } from '@urql/exchange-persisted';

import { hashOf } from './documents.ts';

/** Automatic persisted queries, by GET: the option `persisted` of `createUrqlClient`. */
export const automatic = persistedExchange({ preferGetForPersistedQueries: true });

/** Trusted documents: codegen has put the hash into each document. */
export const trusted = persistedExchange({
  preferGetForPersistedQueries: false,
  enforcePersistedQueries: true,
  enableForMutation: true,
  enableForSubscriptions: true,
  generateHash: async (_, document) => hashOf(document),
});
