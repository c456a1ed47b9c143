import type { Explanation } from './failures.ts';
import { secondsText, useCountdown } from './use-countdown.ts';

export interface FailureNoticeProps extends Explanation {
  /** By which the failure is found in the logs. */
  readonly requestId?: string | undefined;
  /** Until when it is no use to try again, in milliseconds since the epoch. @default 0 */
  readonly waitUntil?: number;
  readonly onRetry?: (() => void) | undefined;
  readonly onDismiss?: (() => void) | undefined;
}

export function FailureNotice({
  title,
  text,
  details,
  mayRetry,
  requestId,
  waitUntil = 0,
  onRetry,
  onDismiss,
}: FailureNoticeProps) {
  const left = useCountdown(waitUntil);
  return (
    <div className="notice">
      <div role="alert">
        <h3>{title}</h3>
        <p>{text}</p>
        {details.length > 0 && (
          <ul>
            {details.map((detail) => (
              <li key={detail}>{detail}</li>
            ))}
          </ul>
        )}
      </div>
      <div className="notice-foot">
        {mayRetry && onRetry !== undefined && (
          // Named apart from the countdown, which changes ten times a second.
          <button type="button" aria-label="Try again" onClick={onRetry} disabled={left > 0}>
            {left > 0 ? `Try again in ${secondsText(left)}` : 'Try again'}
          </button>
        )}
        {onDismiss !== undefined && (
          <button type="button" className="quiet" onClick={onDismiss}>
            Dismiss
          </button>
        )}
        {requestId !== undefined && (
          <span className="request-id">
            Request <code>{requestId}</code>
          </span>
        )}
      </div>
    </div>
  );
}
