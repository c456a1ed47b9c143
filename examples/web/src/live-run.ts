import type { ApolloClient } from '@apollo/client';

import { watchRun, type Failure, type Run } from './operations.ts';

/** How a run is being watched. */
export type Connection =
  | { readonly status: 'connecting' | 'live' | 'deleted' }
  /** The stream was lost, and is opened again at `retryAt`, in milliseconds since the epoch. */
  | { readonly status: 'waiting'; readonly retryAt: number; readonly failure: Failure | null }
  /** Trying again would not help, unless something changes. */
  | { readonly status: 'refused'; readonly failure: Failure };

export interface LiveRunOptions {
  readonly client: ApolloClient;
  readonly id: string;
  readonly onRun: (run: Run) => void;
  readonly onConnection: (connection: Connection) => void;
}

export interface LiveRun {
  /** Opens the stream at once, where it is not open. */
  retry(): void;
  close(): void;
}

const firstRetryMs = 500;
const lastRetryMs = 8_000;

/**
 * Watches a run until it is deleted or refused. A stream that ends without having said so, because
 * the gateway restarts or the network is gone, is opened again: sooner at first, then every
 * {@link lastRetryMs}. Nothing is missed, as a stream begins with the state as it is.
 */
export function openLiveRun({ client, id, onRun, onConnection }: LiveRunOptions): LiveRun {
  let losses = 0;
  let isOver = false;
  let timer: number | undefined;
  let close = open();

  /** @returns Leaves the stream. */
  function open(): () => void {
    let isLost = false;
    onConnection({ status: 'connecting' });

    function lose(failure: Failure | null, retryAfterMs = backOff()): void {
      if (isLost) return;
      isLost = true;
      onConnection({ status: 'waiting', retryAt: Date.now() + retryAfterMs, failure });
      timer = window.setTimeout(retry, retryAfterMs);
    }

    function end(connection: Connection): void {
      isLost = true;
      isOver = true;
      onConnection(connection);
    }

    const stream = client.subscribe({ query: watchRun, variables: { id } }).subscribe({
      next({ data }) {
        // Without data it is an error of the connection, or of a gateway that is none.
        const event = data?.executionContextUpdated;
        if (event === undefined) {
          lose(null);
          return;
        }
        switch (event.__typename) {
          case 'AiExecutionContext':
            losses = 0;
            onRun(event);
            onConnection({ status: 'live' });
            break;
          case 'DeletedExecutionContext':
            end({ status: 'deleted' });
            break;
          case 'ExecutionContextRateLimitError':
            lose(event, event.retryAfterMs);
            break;
          case 'ExecutionContextUpstreamError':
            if (event.retryable) lose(event);
            else end({ status: 'refused', failure: event });
            break;
          case 'ExecutionContextInputError':
          case 'ExecutionContextAuthenticationError':
          case 'ExecutionContextForbiddenError':
          case 'ExecutionContextNotFoundError':
          case 'ExecutionContextConflictError':
          default:
            // Also what a newer gateway may have added.
            end({ status: 'refused', failure: event });
        }
      },
      error() {
        lose(null);
      },
      complete() {
        lose(null);
      },
    });
    return () => {
      isLost = true;
      stream.unsubscribe();
    };
  }

  /** Not at once for all who lost the same gateway. */
  function backOff(): number {
    const longest = Math.min(lastRetryMs, firstRetryMs * 2 ** losses);
    losses += 1;
    return longest * (0.6 + 0.4 * Math.random());
  }

  function retry(): void {
    window.clearTimeout(timer);
    close();
    isOver = false;
    close = open();
  }

  function retryIfLost(): void {
    if (!isOver) retry();
  }

  // A network that is back need not be waited for.
  window.addEventListener('online', retryIfLost);
  return {
    retry,
    close() {
      window.removeEventListener('online', retryIfLost);
      window.clearTimeout(timer);
      close();
    },
  };
}
