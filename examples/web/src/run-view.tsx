import type { ReactNode } from 'react';

import { Arrivals } from './arrivals.tsx';
import { ConnectionBadge } from './connection-badge.tsx';
import { Controls } from './controls.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { explain } from './failures.ts';
import { JsonTree } from './json-tree.tsx';
import type { Connection } from './live-run.ts';
import type { Run } from './operations.ts';
import { agentName, summarise, type Step } from './run.ts';
import { useLiveRun } from './use-live-run.ts';

/** One run, as it happens. */
export function RunView({ id }: { readonly id: string }) {
  const { run, connection, arrivals, changedWith, retry } = useLiveRun(id);
  return (
    <>
      <div className="run-bar">
        <code>{id}</code>
        <ConnectionBadge connection={connection} onRetry={retry} />
      </div>
      <ConnectionNotice connection={connection} onRetry={retry} />
      {run === null ? (
        <p className="empty">{connection.status === 'refused' ? '' : 'Waiting for the run …'}</p>
      ) : (
        <div className="panels" data-stale={connection.status !== 'live'}>
          <Summary run={run} sessionVersion={changedWith.get('/sessionId')} />
          <div className="column">
            <Steps steps={summarise(run).steps} />
            <Panel name="Take part">
              <Controls run={run} />
            </Panel>
          </div>
          <div className="column">
            <Panel name="State">
              <JsonTree value={run.context} pointer="/context" changedWith={changedWith} />
            </Panel>
            <Panel name="Changes">
              <Arrivals arrivals={arrivals} />
            </Panel>
          </div>
        </div>
      )}
    </>
  );
}

function ConnectionNotice({
  connection,
  onRetry,
}: {
  readonly connection: Connection;
  readonly onRetry: () => void;
}) {
  switch (connection.status) {
    case 'refused':
      return (
        <FailureNotice
          {...explain(connection.failure)}
          mayRetry
          requestId={connection.failure.requestId}
          onRetry={onRetry}
        />
      );
    case 'waiting':
      return connection.failure === null ? null : (
        <FailureNotice
          {...explain(connection.failure)}
          mayRetry={false}
          requestId={connection.failure.requestId}
        />
      );
    case 'deleted':
      return (
        <FailureNotice
          title="This run was deleted"
          text="What you see is the last that was known of it."
          details={[]}
          mayRetry={false}
        />
      );
    case 'connecting':
    case 'live':
      return null;
  }
}

interface SummaryProps {
  readonly run: Run;
  /** The version that the session came with, where that was seen. */
  readonly sessionVersion: string | undefined;
}

function Summary({ run, sessionVersion }: SummaryProps) {
  const { title, currentStep, message, progress, isPaused } = summarise(run);
  return (
    <section className="summary" aria-labelledby="run-title">
      <div className="summary-head">
        <h2 id="run-title">{title}</h2>
        {progress !== null && (
          <p className="percent" aria-hidden="true">
            {progress}
            <span>%</span>
          </p>
        )}
      </div>
      {progress !== null && (
        <div
          className="progress"
          role="progressbar"
          aria-label="Progress"
          aria-valuenow={progress}
          aria-valuemin={0}
          aria-valuemax={100}
          data-paused={isPaused}
        >
          <span style={{ inlineSize: `${progress}%` }} />
        </div>
      )}
      <p className="doing">
        {/* Read out as it changes; the message changes too often for that. */}
        <strong role="status">
          {[isPaused && 'Paused', currentStep].filter(Boolean).join(': ')}
        </strong>
        {message !== null && <span>{message}</span>}
      </p>
      <dl className="facts">
        <Fact name="Session">
          <code
            key={sessionVersion}
            className={sessionVersion === undefined ? undefined : 'lit'}
            data-testid="session"
          >
            {run.sessionId ?? 'none'}
          </code>
        </Fact>
        <Fact name="Agent">{agentName(run.agentId) ?? '—'}</Fact>
        <Fact name="Workflow">{run.workflowId ?? '—'}</Fact>
        <Fact name="Version">
          <code>{run.version.slice(0, 8)}</code>
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

interface PanelProps {
  readonly name: string;
  readonly children: ReactNode;
}

function Panel({ name, children }: PanelProps) {
  return (
    <section className="panel" aria-label={name}>
      <h2>{name}</h2>
      {children}
    </section>
  );
}

function Steps({ steps }: { readonly steps: readonly Step[] }) {
  if (steps.length === 0) return null;
  return (
    <Panel name="Steps">
      <ol className="steps">
        {steps.map(({ name, status, detail }) => (
          <li
            key={name}
            data-status={status}
            aria-current={status === 'running' ? 'step' : undefined}
          >
            <StepMark status={status} />
            <span className="step-name">{name}</span>
            <span className="step-detail">{status === 'waiting' ? '' : detail}</span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function StepMark({ status }: Pick<Step, 'status'>) {
  return (
    <svg className="step-mark" viewBox="0 0 20 20" role="img" aria-label={status}>
      <circle cx="10" cy="10" r="8" />
      {status === 'done' && <path d="m6.2 10.3 2.6 2.6 5-5.4" />}
      {status === 'running' && <circle className="step-dot" cx="10" cy="10" r="3" />}
    </svg>
  );
}
