import { useQuery } from '@apollo/client/react';
import { useState } from 'react';

import { explain, unreachable } from './failures.ts';
import { listRuns } from './operations.ts';
import { agentName, summarise } from './run.ts';

const pageLength = 6;

export interface RunListProps {
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}

/** The caller's runs. What the open run's stream brings shows here, too: the cache keeps runs by id. */
export function RunList({ selected, onSelect }: RunListProps) {
  const [perPage, setPerPage] = useState(pageLength);
  const { data, previousData, error, refetch } = useQuery(listRuns, { variables: { perPage } });
  const result = (data ?? previousData)?.executionContexts;

  return (
    <nav className="runs" aria-label="Runs">
      <h2>Your runs</h2>
      {result?.__typename === 'ExecutionContextPage' ? (
        <ul>
          {result.items.map((run) => {
            const { title, progress } = summarise(run);
            return (
              <li key={run.id}>
                <button
                  type="button"
                  className="run"
                  aria-current={run.id === selected}
                  onClick={() => {
                    onSelect(run.id);
                  }}
                >
                  <span className="run-title">{title}</span>
                  <span className="run-id">
                    {agentName(run.agentId) === title ? run.id : agentName(run.agentId)}
                  </span>
                  {progress !== null && (
                    <span className="run-progress" aria-label={`${progress} %`}>
                      <span style={{ inlineSize: `${progress}%` }} />
                    </span>
                  )}
                </button>
              </li>
            );
          })}
          {result.hasMore && (
            <li>
              <button
                type="button"
                className="quiet"
                onClick={() => {
                  setPerPage(perPage + pageLength);
                }}
              >
                Show more
              </button>
            </li>
          )}
        </ul>
      ) : (
        (result !== undefined || error !== undefined) && (
          <p className="runs-failed">
            {(result === undefined ? unreachable : explain(result)).title}.{' '}
            <button type="button" className="quiet" onClick={() => void refetch()}>
              Try again
            </button>
          </p>
        )
      )}
    </nav>
  );
}
