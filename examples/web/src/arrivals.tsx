import { membersOf, scalarText, type Change } from './changes.ts';
import type { Arrival } from './use-live-run.ts';

const shownPerArrival = 3;

/** What happened, the newest first. */
export function Arrivals({ arrivals }: { readonly arrivals: readonly Arrival[] }) {
  if (arrivals.length === 0) return <p className="empty">Changes appear here as they are made.</p>;
  return (
    <ol className="arrivals" tabIndex={0} aria-label="The newest first">
      {arrivals.map(({ version, at, changes }) => (
        <li key={`${at} ${version}`}>
          <time dateTime={new Date(at).toISOString()}>{clock.format(at)}</time>
          <Changes changes={changes} shown={shownPerArrival} />
        </li>
      ))}
    </ol>
  );
}

export interface ChangesProps {
  readonly changes: readonly Change[];
  /** How many of them; of the others only that there are some. */
  readonly shown: number;
}

export function Changes({ changes, shown }: ChangesProps) {
  const more = changes.length - shown;
  return (
    <ul className="changes">
      {changes.slice(0, shown).map(({ pointer, before, after }) => (
        <li key={pointer}>
          <span className="change-name">{nameOf(pointer)}</span>{' '}
          {before !== undefined && <del>{brief(before)}</del>}
          {before !== undefined && ' → '}
          {after === undefined ? 'removed' : <ins>{brief(after)}</ins>}
        </li>
      ))}
      {more > 0 && <li className="change-more">and {more} more</li>}
    </ul>
  );
}

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium', hourCycle: 'h23' });

/** Such as "results.open_questions.0" of "/context/results/open_questions/0". */
function nameOf(pointer: string): string {
  const [, root, ...keys] = pointer.split('/');
  if (root === 'sessionId') return 'session';
  const path = keys.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~')).join('.');
  return path === '' ? 'context' : path;
}

const briefLength = 44;

function brief(value: unknown): string {
  const text =
    typeof value === 'string'
      ? value
      : membersOf(value)
        ? JSON.stringify(value)
        : scalarText(value);
  return text.length <= briefLength ? text : `${text.slice(0, briefLength - 1)}…`;
}
