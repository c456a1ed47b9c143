import type { ApolloClient } from '@apollo/client';
import { useApolloClient } from '@apollo/client/react';
import { useState } from 'react';

import type {
  MergeExecutionContextInput,
  UpdateExecutionContextInput,
} from './generated/graphql.ts';
import { mergeIntoRun, updateRun, type Failure, type Run } from './operations.ts';

/** What came of a write. */
export type Outcome =
  | { readonly status: 'done'; readonly run: Run }
  | { readonly status: 'failed'; readonly failure: Failure }
  | { readonly status: 'unreachable' };

/** A write that can be done again as it is. */
export interface Write {
  /** As a person would say that it is done. */
  readonly done: string;
  readonly perform: (client: ApolloClient) => Promise<Outcome>;
}

export interface Writes {
  readonly isBusy: boolean;
  /** The last write, and what came of it. */
  readonly last: { readonly write: Write; readonly outcome: Outcome } | null;
  /** Until when further writes would be refused, in milliseconds since the epoch. */
  readonly blockedUntil: number;
  readonly perform: (write: Write) => Promise<Outcome>;
  readonly dismiss: () => void;
}

export function useWrites(): Writes {
  const client = useApolloClient();
  const [busy, setBusy] = useState(0);
  const [last, setLast] = useState<Writes['last']>(null);
  const [blockedUntil, setBlockedUntil] = useState(0);

  return {
    isBusy: busy > 0,
    last,
    blockedUntil,
    async perform(write) {
      setBusy((count) => count + 1);
      const outcome = await write.perform(client);
      setBusy((count) => count - 1);
      if (outcome.status === 'failed' && 'retryAfterMs' in outcome.failure) {
        const until = Date.now() + outcome.failure.retryAfterMs;
        setBlockedUntil((before) => Math.max(before, until));
      }
      setLast({ write, outcome });
      return outcome;
    },
    dismiss() {
      setLast(null);
    },
  };
}

/** For demonstration: whose session a write is made with. */
export interface WriteOptions {
  readonly authorization?: string;
}

/** Merges `input.patch` into the state: what others change meanwhile stays, so it asks for no version. */
export function mergeWrite(
  done: string,
  id: string,
  input: MergeExecutionContextInput,
  { authorization }: WriteOptions = {},
): Write {
  return {
    done,
    perform: (client) =>
      settle(async () => {
        const { data } = await client.mutate({
          mutation: mergeIntoRun,
          variables: { id, input },
          ...notCached,
          context: authorization === undefined ? {} : { headers: { authorization } },
        });
        return data?.mergeExecutionContext;
      }),
  };
}

export function updateWrite(done: string, id: string, input: UpdateExecutionContextInput): Write {
  return {
    done,
    perform: (client) =>
      settle(async () => {
        const { data } = await client.mutate({
          mutation: updateRun,
          variables: { id, input },
          ...notCached,
        });
        return data?.updateExecutionContext;
      }),
  };
}

/** The stream brings what was written, in order; see `useLiveRun`. */
const notCached = { fetchPolicy: 'no-cache' } as const;

async function settle(write: () => Promise<Run | Failure | undefined>): Promise<Outcome> {
  let result: Run | Failure | undefined;
  try {
    result = await write();
  } catch (error) {
    console.error(error);
  }
  if (result === undefined) return { status: 'unreachable' };
  return result.__typename === 'AiExecutionContext'
    ? { status: 'done', run: result }
    : { status: 'failed', failure: result };
}
