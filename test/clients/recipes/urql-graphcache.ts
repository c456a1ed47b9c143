import { cacheExchange, type Cache } from '@urql/exchange-graphcache';
import type { Exchange } from '@urql/core';

import schema from './generated/schema.json';

// Of all types only AiExecutionContext has an id; the others belong to the field that answered them.
const errors = schema.__schema.types.find(({ name }) => name === 'ExecutionContextError');
const withoutId = [
  'DeletedExecutionContext',
  'ExecutionContextInputIssue',
  'ExecutionContextPage',
  ...(errors?.possibleTypes ?? []).map(({ name }) => name),
];

/** The `cache` of `createUrqlClient`. */
export function createGraphcache(): Exchange {
  return cacheExchange({
    schema,
    keys: Object.fromEntries(withoutId.map((name) => [name, () => null])),
    updates: {
      Mutation: { deleteExecutionContext: forgetDeleted },
      Subscription: { executionContextUpdated: forgetDeleted },
    },
  });
}

function forgetDeleted(result: Readonly<Record<string, unknown>>, _: unknown, cache: Cache): void {
  for (const member of Object.values(result)) {
    const { deletedId: id } = Object(member) as { deletedId?: string };
    if (id !== undefined) cache.invalidate({ __typename: 'AiExecutionContext', id });
  }
}
