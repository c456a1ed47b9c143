import { useApolloClient } from '@apollo/client/react';
import { useEffect, useRef, useState } from 'react';

import { Changes } from './arrivals.tsx';
import { readRun, type Run } from './operations.ts';
import { summarise } from './run.ts';
import { changesOfRun } from './use-live-run.ts';

export interface ConflictDialogProps {
  /** The session that was to be written. */
  readonly mine: string;
  /** The state that it was decided upon. */
  readonly base: Run;
  /** The state as the stream has it, which may be behind what the write met. */
  readonly live: Run;
  /** The version that the write met. */
  readonly currentVersion: string;
  /** Whether a take-over has met yet another change. */
  readonly isRepeated: boolean;
  readonly isBusy: boolean;
  /** Writes over the state of that version; null: over whatever is stored. */
  readonly onTakeOver: (version: string | null) => void;
  readonly onKeepTheirs: () => void;
}

const changesShown = 6;

/** Shows both sides of a conflict, and lets a person decide. */
export function ConflictDialog({
  mine,
  base,
  live,
  currentVersion,
  isRepeated,
  isBusy,
  onTakeOver,
  onKeepTheirs,
}: ConflictDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const theirs = useTheirs(live, currentVersion);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  return (
    <dialog
      ref={dialog}
      className="conflict"
      aria-labelledby="conflict-title"
      onCancel={(event) => {
        event.preventDefault();
        onKeepTheirs();
      }}
    >
      <h2 id="conflict-title">Somebody else changed it meanwhile</h2>
      <p>
        Nothing was written. The run is not what it was when you began; decide which session is to
        stay.
      </p>
      <div className="sides">
        <section aria-labelledby="conflict-mine">
          <h3 id="conflict-mine">Yours</h3>
          <Session id={mine} />
          <p className="side-note">
            Decided at <strong>{stateInWords(base)}</strong>
          </p>
        </section>
        <section aria-labelledby="conflict-theirs">
          <h3 id="conflict-theirs">Stored now</h3>
          {theirs === null ? (
            <p className="side-note">Reading what is stored …</p>
          ) : (
            <>
              <Session id={theirs.sessionId} />
              <p className="side-note">
                It is at <strong>{stateInWords(theirs)}</strong>
              </p>
            </>
          )}
        </section>
      </div>
      {theirs !== null && (
        <section className="since" aria-labelledby="conflict-since">
          <h3 id="conflict-since">Changed since you began</h3>
          <Changes changes={changesOfRun(base, theirs)} shown={changesShown} />
        </section>
      )}
      {isRepeated && (
        <p className="again" role="alert">
          It changed again before yours was written. Try once more, or write it{' '}
          <button
            type="button"
            className="link"
            disabled={isBusy}
            onClick={() => {
              onTakeOver(null);
            }}
          >
            over whatever is stored
          </button>
          .
        </p>
      )}
      <div className="dialog-foot">
        <button type="button" onClick={onKeepTheirs}>
          Keep theirs
        </button>
        <button
          type="button"
          className="primary"
          disabled={theirs === null || isBusy}
          onClick={() => {
            if (theirs !== null) onTakeOver(theirs.version);
          }}
        >
          Take over
        </button>
      </div>
    </dialog>
  );
}

function Session({ id }: { readonly id: string | null }) {
  return (
    <p className="side-session">
      <span>Session</span> <code>{id ?? 'none'}</code>
    </p>
  );
}

function stateInWords(run: Run): string {
  const { currentStep, progress } = summarise(run);
  return (
    [progress === null ? null : `${progress} %`, currentStep].filter(Boolean).join(', ') || '—'
  );
}

/** The state that the write met, and each that comes after it. Null until it has been read. */
function useTheirs(live: Run, currentVersion: string): Run | null {
  const client = useApolloClient();
  const [theirs, setTheirs] = useState<Run | null>(null);
  const seen = useRef(live.version);

  useEffect(() => {
    let isWanted = true;
    client
      .query({ query: readRun, variables: { id: live.id }, fetchPolicy: 'no-cache' })
      .then(({ data }) => {
        const run = data?.executionContext;
        if (isWanted && run?.__typename === 'AiExecutionContext') setTheirs(run);
      })
      // The stream brings it as well, if a little later.
      .catch(console.error);
    return () => {
      isWanted = false;
    };
  }, [client, live.id, currentVersion]);

  useEffect(() => {
    if (seen.current === live.version) return;
    seen.current = live.version;
    setTheirs(live);
  }, [live]);
  return theirs;
}
