import { InputError, type InputIssue } from '../errors.ts';
import { UnsafeNumber, findTooDeep } from '../json/index.ts';
import { maxContextDepth } from '../upstream/wire.ts';

/** Largest number of characters in an id. */
const maxIdLength = 256;
const maxPerPage = 100;

type Optional<T> = T | null | undefined;

/** An id as it may arrive: a string, or a number whose digits cannot be trusted. */
type Id = string | UnsafeNumber;

export interface UpdateArguments {
  readonly id: Id;
  readonly input: { readonly context?: unknown; readonly sessionId?: Optional<Id> };
}

export interface CreateArguments {
  readonly input: {
    readonly agentId: Id;
    readonly workflowId?: Optional<Id>;
    readonly userId?: Optional<Id>;
    readonly sessionId?: Optional<Id>;
    readonly context?: unknown;
  };
}

export interface ListArguments {
  readonly page: number;
  readonly perPage: number;
  readonly agentId?: Optional<Id>;
  readonly workflowId?: Optional<Id>;
}

/** @throws InputError with every issue there is. */
export function checkId({ id }: { readonly id: Id }): void {
  refuse(idIssues(['id'], id));
}

/** @throws InputError with every issue there is. */
export function checkUpdate({ id, input }: UpdateArguments): void {
  const { context, sessionId } = input;
  refuse([
    ...idIssues(['id'], id),
    ...((context ?? null) === null && (sessionId ?? null) === null
      ? [
          {
            path: ['input'],
            message: 'must have a context or a sessionId: there is nothing to update',
          },
        ]
      : []),
    ...idIssues(['input', 'sessionId'], sessionId),
    ...contextIssues(['input', 'context'], context),
  ]);
}

/** @throws InputError with every issue there is. */
export function checkCreate({ input }: CreateArguments): void {
  refuse([
    ...idIssues(['input', 'agentId'], input.agentId),
    ...idIssues(['input', 'workflowId'], input.workflowId),
    ...idIssues(['input', 'userId'], input.userId),
    ...idIssues(['input', 'sessionId'], input.sessionId),
    ...contextIssues(['input', 'context'], input.context),
  ]);
}

/** @throws InputError with every issue there is. */
export function checkList({ page, perPage, agentId, workflowId }: ListArguments): void {
  refuse([
    ...(page < 1 ? [{ path: ['page'], message: 'must be at least 1' }] : []),
    ...(perPage < 1 || perPage > maxPerPage
      ? [{ path: ['perPage'], message: `must be from 1 to ${maxPerPage}` }]
      : []),
    ...idIssues(['agentId'], agentId),
    ...idIssues(['workflowId'], workflowId),
  ]);
}

function refuse(issues: readonly InputIssue[]): void {
  if (issues.length === 0) return;
  const [first] = issues.map(({ path, message }) => `${path.slice(0, 8).join('.')} ${message}`);
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  throw new InputError(`${first}${more}.`, issues);
}

function idIssues(path: readonly string[], id: Optional<Id>): InputIssue[] {
  const message = id === null || id === undefined ? null : whatIsWrongWithId(id);
  return message === null ? [] : [{ path, message }];
}

function whatIsWrongWithId(id: Id): string | null {
  if (id instanceof UnsafeNumber) {
    return 'must be a string: a JSON number beyond 2^53-1 has lost digits on its way';
  }
  if (id === '') return 'must not be empty';
  if (id === '.' || id === '..') return 'must not be "." or "..": they name a place in a path';
  if (id.length > maxIdLength && Array.from(id).length > maxIdLength) {
    return `must be at most ${maxIdLength} characters long`;
  }
  if (!id.isWellFormed()) return 'must be well-formed Unicode: it has half of a surrogate pair';
  return null;
}

function contextIssues(path: readonly string[], context: unknown): InputIssue[] {
  const tooDeep = findTooDeep(context, maxContextDepth);
  if (tooDeep === null) return [];
  return [
    { path: [...path, ...tooDeep], message: `must not nest deeper than ${maxContextDepth} levels` },
  ];
}
