import type { ReactNode } from 'react';

import { below, membersOf, scalarText } from './changes.ts';
import { LongNumber } from './long-number.ts';

export interface JsonTreeProps {
  readonly value: unknown;
  /** RFC 6901: where `value` stands in what `changedWith` speaks of. */
  readonly pointer: string;
  /** By pointer: the version that a value came with last. What came with another one lights up. */
  readonly changedWith: ReadonlyMap<string, string>;
}

/** What has only plain members and is no longer than this stands in one line. */
const lineLength = 76;

export function JsonTree({ value, pointer, changedWith }: JsonTreeProps) {
  const members = membersOf(value);
  return (
    <div className="json">
      {members === null ? (
        <Lit pointer={pointer} changedWith={changedWith}>
          <Scalar value={value} />
        </Lit>
      ) : (
        <Members value={value} pointer={pointer} changedWith={changedWith} />
      )}
    </div>
  );
}

function Members({ value, pointer, changedWith }: JsonTreeProps) {
  return (
    <ul>
      {[...(membersOf(value) ?? [])].map(([key, member]) => (
        <li key={key}>
          <Member
            name={Array.isArray(value) ? null : key}
            value={member}
            pointer={below(pointer, key)}
            changedWith={changedWith}
          />
        </li>
      ))}
    </ul>
  );
}

interface MemberProps extends JsonTreeProps {
  /** Null in an array. */
  readonly name: string | null;
}

function Member({ name, value, pointer, changedWith }: MemberProps) {
  const members = membersOf(value);
  const label = name !== null && <span className="json-key">{name}</span>;
  if (members === null || fitsInLine(value)) {
    return (
      <Lit pointer={pointer} changedWith={changedWith}>
        {label}
        <Line value={value} pointer={pointer} changedWith={changedWith} />
      </Lit>
    );
  }
  return (
    <details open>
      <summary>
        <Lit pointer={pointer} changedWith={changedWith}>
          {label}
          <span className="json-size">
            {Array.isArray(value) ? `[${members.size}]` : `{${members.size}}`}
          </span>
        </Lit>
      </summary>
      <Members value={value} pointer={pointer} changedWith={changedWith} />
    </details>
  );
}

/** A scalar, or members that are scalars. */
function Line({ value, pointer, changedWith }: JsonTreeProps) {
  const members = membersOf(value);
  if (members === null) return <Scalar value={value} />;
  const [opening, closing] = Array.isArray(value) ? '[]' : '{}';
  return (
    <span className="json-line">
      {opening}
      {[...members].map(([key, member], index) => (
        <span key={key}>
          {index > 0 && ', '}
          <Lit pointer={below(pointer, key)} changedWith={changedWith}>
            {!Array.isArray(value) && <span className="json-key">{key}</span>}
            <Scalar value={member} />
          </Lit>
        </span>
      ))}
      {closing}
    </span>
  );
}

interface LitProps extends Omit<JsonTreeProps, 'value'> {
  readonly children: ReactNode;
}

/** Lights up when what it shows has just changed. */
function Lit({ pointer, changedWith, children }: LitProps) {
  const version = changedWith.get(pointer);
  // Another key makes another element, whose animation begins anew.
  return (
    <span key={version} className={version === undefined ? 'json-row' : 'json-row lit'}>
      {children}
    </span>
  );
}

function Scalar({ value }: { readonly value: unknown }) {
  const kind = value === null ? 'null' : value instanceof LongNumber ? 'number' : typeof value;
  return <span className={`json-${kind}`}>{scalarText(value)}</span>;
}

function fitsInLine(value: unknown): boolean {
  const members = [...(membersOf(value)?.values() ?? [])];
  return (
    members.every((member) => membersOf(member) === null) &&
    JSON.stringify(value).length <= lineLength
  );
}
