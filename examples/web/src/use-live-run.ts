import { useApolloClient } from '@apollo/client/react';
import { useCallback, useEffect, useReducer, useRef } from 'react';

import { changesBetween, type Change } from './changes.ts';
import { openLiveRun, type Connection, type LiveRun } from './live-run.ts';
import type { Run } from './operations.ts';

/** A state that came, and what was new in it. */
export interface Arrival {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Below `/sessionId` and `/context`. */
  readonly changes: readonly Change[];
}

interface Watched {
  readonly run: Run | null;
  readonly connection: Connection;
  /** The newest first. */
  readonly arrivals: readonly Arrival[];
  /** By pointer: the version that a value came with last. */
  readonly changedWith: ReadonlyMap<string, string>;
}

export interface WatchedRun extends Watched {
  /** Opens the stream at once. */
  readonly retry: () => void;
}

const arrivalsKept = 40;
const nothingYet: Watched = {
  run: null,
  connection: { status: 'connecting' },
  arrivals: [],
  changedWith: new Map(),
};

/**
 * A run as it happens. What is shown comes from its stream alone: the answer of a write may be
 * overtaken by an event, and would then put an older state back.
 */
export function useLiveRun(id: string): WatchedRun {
  const client = useApolloClient();
  const [watched, dispatch] = useReducer(reduce, nothingYet);
  const live = useRef<LiveRun | null>(null);

  useEffect(() => {
    const opened = openLiveRun({
      client,
      id,
      onRun(run) {
        dispatch({ type: 'run', run, at: Date.now() });
      },
      onConnection(connection) {
        dispatch({ type: 'connection', connection });
      },
    });
    live.current = opened;
    return () => {
      opened.close();
    };
  }, [client, id]);

  const retry = useCallback(() => {
    live.current?.retry();
  }, []);
  return { ...watched, retry };
}

type Action =
  | { readonly type: 'run'; readonly run: Run; readonly at: number }
  | { readonly type: 'connection'; readonly connection: Connection };

function reduce(watched: Watched, action: Action): Watched {
  if (action.type === 'connection') return { ...watched, connection: action.connection };
  const { run, at } = action;
  const { run: before, arrivals, changedWith } = watched;
  if (before === null) return { ...watched, run };
  const changes = changesOfRun(before, run);
  if (changes.length === 0) return { ...watched, run };
  const { version } = run;
  return {
    ...watched,
    run,
    arrivals: [{ version, at, changes }, ...arrivals].slice(0, arrivalsKept),
    changedWith: new Map([
      ...changedWith,
      ...changes.map(({ pointer }) => [pointer, version] as const),
    ]),
  };
}

/** What differs between two states of a run. */
export function changesOfRun(before: Run, after: Run): Change[] {
  return [
    ...changesBetween(before.sessionId, after.sessionId, '/sessionId'),
    ...changesBetween(before.context, after.context, '/context'),
  ];
}
