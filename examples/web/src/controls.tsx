import { useApolloClient } from '@apollo/client/react';
import { useId, useState } from 'react';

import { ConflictDialog } from './conflict-dialog.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { explain, unreachable } from './failures.ts';
import type { Run } from './operations.ts';
import { summarise } from './run.ts';
import { useCountdown } from './use-countdown.ts';
import { mergeWrite, updateWrite, useWrites, type Outcome, type Writes } from './use-writes.ts';

export function Controls({ run }: { readonly run: Run }) {
  const writes = useWrites();
  const isBlocked = useCountdown(writes.blockedUntil) > 0;
  return (
    <>
      <ProgressControls run={run} writes={writes} isBlocked={isBlocked} />
      <NoteForm run={run} writes={writes} isBlocked={isBlocked} />
      <SessionForm run={run} writes={writes} isBlocked={isBlocked} />
      <Answer writes={writes} />
      <Mishaps run={run} writes={writes} isBlocked={isBlocked} />
    </>
  );
}

interface ControlProps {
  readonly run: Run;
  readonly writes: Writes;
  /** By a rate limit. */
  readonly isBlocked: boolean;
}

/** Merges name what they change, so they need no version: what the agent writes meanwhile stays. */
function ProgressControls({ run, writes, isBlocked }: ControlProps) {
  const { progress, isPaused } = summarise(run);
  const name = useId();

  function set(percent: number): void {
    const patch = { progress: percent };
    void writes.perform(mergeWrite(`Progress is ${percent} %`, run.id, { patch }));
  }

  return (
    <div className="control" role="group" aria-labelledby={name}>
      <h3 id={name}>Progress</h3>
      <div className="row">
        {[-10, 10].map((by) => (
          <button
            key={by}
            type="button"
            disabled={isBlocked}
            onClick={() => {
              set(Math.min(100, Math.max(0, (progress ?? 0) + by)));
            }}
          >
            {by < 0 ? '−' : '+'}
            {Math.abs(by)} %
          </button>
        ))}
        <button
          type="button"
          disabled={isBlocked}
          onClick={() => {
            const patch = { paused: isPaused ? null : true };
            const done = isPaused ? 'The agent goes on' : 'The agent pauses';
            void writes.perform(mergeWrite(done, run.id, { patch }));
          }}
        >
          {isPaused ? 'Resume the agent' : 'Pause the agent'}
        </button>
      </div>
    </div>
  );
}

function NoteForm({ run, writes, isBlocked }: ControlProps) {
  const [note, setNote] = useState('');
  const name = useId();
  return (
    <form
      className="control"
      onSubmit={(event) => {
        event.preventDefault();
        const patch = { note: note === '' ? null : note };
        const done = note === '' ? 'The note is gone' : 'The note is there';
        void writes.perform(mergeWrite(done, run.id, { patch }));
        setNote('');
      }}
    >
      <h3>
        <label htmlFor={name}>Note to the agent</label>
      </h3>
      <div className="row">
        <input
          id={name}
          value={note}
          placeholder="Look at page 12 again"
          autoComplete="off"
          onChange={({ target }) => {
            setNote(target.value);
          }}
        />
        <button type="submit" disabled={isBlocked}>
          Merge
        </button>
      </div>
    </form>
  );
}

interface Conflict {
  readonly mine: string;
  readonly base: Run;
  readonly currentVersion: string;
  readonly isRepeated: boolean;
}

/**
 * Replaces the session, on the condition that the run is still what it was when the person began to
 * write. Who wins otherwise is for the person to say.
 */
function SessionForm({ run, writes, isBlocked }: ControlProps) {
  const [draft, setDraft] = useState<{ readonly session: string; readonly base: Run } | null>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const name = useId();
  const hint = useId();
  const isOutdated = draft !== null && draft.base.version !== run.version;

  async function write(mine: string, base: Run, ifVersion: string | null): Promise<void> {
    const done = `The session is ${mine}`;
    const outcome = await writes.perform(updateWrite(done, run.id, { sessionId: mine, ifVersion }));
    const currentVersion = versionMet(outcome);
    if (currentVersion === null) {
      setConflict(null);
      if (outcome.status === 'done') setDraft(null);
    } else {
      writes.dismiss();
      setConflict((before) => ({ mine, base, currentVersion, isRepeated: before !== null }));
    }
  }

  return (
    <form
      className="control"
      onSubmit={(event) => {
        event.preventDefault();
        const { session, base } = draft ?? { session: '', base: run };
        void write(session, base, base.version);
      }}
    >
      <h3>
        <label htmlFor={name}>Session</label>
      </h3>
      <div className="row">
        <input
          id={name}
          className="mono"
          value={draft?.session ?? ''}
          placeholder={run.sessionId ?? 'none'}
          aria-describedby={hint}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          onChange={({ target: { value } }) => {
            setDraft(value === '' ? null : { session: value, base: draft?.base ?? run });
          }}
        />
        <button type="submit" disabled={isBlocked}>
          Change
        </button>
      </div>
      <p className="hint" id={hint}>
        {isOutdated
          ? 'The run has changed since you began: you will be asked which is to stay.'
          : 'Written only if nobody changes the run meanwhile.'}
      </p>
      {conflict !== null && (
        <ConflictDialog
          mine={conflict.mine}
          base={conflict.base}
          live={run}
          currentVersion={conflict.currentVersion}
          isRepeated={conflict.isRepeated}
          isBusy={writes.isBusy}
          onTakeOver={(version) => void write(conflict.mine, conflict.base, version)}
          onKeepTheirs={() => {
            setConflict(null);
            setDraft(null);
          }}
        />
      )}
    </form>
  );
}

/** The version that a write with `ifVersion` met in place of it; null where that was not the matter. */
function versionMet(outcome: Outcome): string | null {
  return outcome.status === 'failed' && 'currentVersion' in outcome.failure
    ? outcome.failure.currentVersion
    : null;
}

/** What came of the last write. */
function Answer({ writes }: { readonly writes: Writes }) {
  const { isBusy, last, perform, dismiss, blockedUntil } = writes;
  const failure = last?.outcome.status === 'failed' ? last.outcome.failure : null;
  return (
    <div className="answer">
      <p role="status" className="done">
        {isBusy ? (
          <span className="pending">Writing …</span>
        ) : (
          last?.outcome.status === 'done' && (
            <span key={last.outcome.run.version}>{last.write.done}</span>
          )
        )}
      </p>
      {last !== null && last.outcome.status !== 'done' && (
        <FailureNotice
          {...(failure === null ? unreachable : explain(failure))}
          requestId={failure?.requestId}
          waitUntil={failure !== null && 'retryAfterMs' in failure ? blockedUntil : 0}
          onRetry={() => void perform(last.write)}
          onDismiss={dismiss}
        />
      )}
    </div>
  );
}

/** So many changes a second are allowed. */
const burst = 10;

/** For whoever wants to see what is told when something goes wrong. */
function Mishaps({ run, writes, isBlocked }: ControlProps) {
  const client = useApolloClient();
  const { perform } = writes;
  const nothing = { patch: {} };
  const mishaps: Readonly<Record<string, () => void>> = {
    'Bad input': () => void perform(mergeWrite('', run.id, { patch: {}, sessionId: '' })),
    'Signed out': () =>
      void perform(mergeWrite('', run.id, nothing, { authorization: 'Bearer expired' })),
    "Somebody else's run": () => void perform(mergeWrite('', 'ctx_bob_forecast', nothing)),
    'No such run': () => void perform(mergeWrite('', 'ctx_missing', nothing)),
    'Stale version': () =>
      void perform(
        updateWrite('', run.id, { sessionId: run.sessionId, ifVersion: 'of yesterday' }),
      ),
    'Too many changes': () => {
      const one = mergeWrite('It went through', run.id, nothing);
      for (let i = 0; i < burst; i++) void one.perform(client);
      void perform(one);
    },
  };
  return (
    <details className="mishaps">
      <summary>See what can go wrong</summary>
      <div className="row">
        {Object.entries(mishaps).map(([name, happen]) => (
          <button key={name} type="button" onClick={happen} disabled={isBlocked}>
            {name}
          </button>
        ))}
      </div>
    </details>
  );
}
