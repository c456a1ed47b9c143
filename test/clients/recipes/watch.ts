import { print } from 'graphql';

import { watchSubscription } from './documents.ts';
import type { WatchSubscription } from './generated/graphql.ts';
import type { overWebSocket } from './live.ts';
import { runWithRecovery, type Result, type Session, type Sink } from './recovery.ts';

/** @returns What ends it. */
export function watchContext(
  id: string,
  live: Pick<ReturnType<typeof overWebSocket>, 'subscribe'>,
  session: Session,
  sink: Sink<Result & { data?: WatchSubscription | null }>,
): () => void {
  const query = print(watchSubscription);
  return runWithRecovery(
    (attempt) => live.subscribe<WatchSubscription>({ query, variables: { id } }, attempt),
    sink,
    { session, isStream: true },
  );
}
