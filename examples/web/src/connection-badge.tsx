import type { Connection } from './live-run.ts';
import { secondsText, useCountdown } from './use-countdown.ts';

export interface ConnectionBadgeProps {
  readonly connection: Connection;
  readonly onRetry: () => void;
}

/** Whether what is shown is what is stored. */
export function ConnectionBadge({ connection, onRetry }: ConnectionBadgeProps) {
  const left = useCountdown(connection.status === 'waiting' ? connection.retryAt : 0);
  return (
    <div className="connection" data-status={connection.status}>
      <span role="status">{words[connection.status]}</span>
      {connection.status === 'waiting' && (
        <>
          <span className="connection-left" aria-hidden="true">
            in {secondsText(left)}
          </span>
          <button type="button" className="quiet" onClick={onRetry}>
            Now
          </button>
        </>
      )}
    </div>
  );
}

const words: Record<Connection['status'], string> = {
  connecting: 'Connecting',
  live: 'Live',
  waiting: 'Reconnecting',
  deleted: 'Deleted',
  refused: 'Not watching',
};
