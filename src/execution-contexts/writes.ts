import {
  defineOperation,
  type Ahead,
  type FieldCoordinate,
  type Operation,
  type OperationDefinition,
} from '../engine/operation.ts';
import type { RequestContext } from '../engine/request-context.ts';
import { ConflictError, UpstreamError, type InputIssue } from '../errors.ts';
import { requireUser } from '../identity/identity.ts';
import type { User } from '../identity/user.ts';
import type { Departure, DepartureListener } from '../rest/request.ts';
import {
  LockBusyError,
  LocksUnavailableError,
  type HeldLock,
  type Lease,
} from '../shared-state/keyed-locks.ts';
import type { Optional } from './input.ts';
import { updateLimit } from './limits.ts';
import {
  executionContexts,
  liveContexts,
  type ExecutionContext,
  type ExecutionContextStore,
} from './model.ts';
import { isRefusal } from './ownership.ts';
import { forgetRead } from './reads.ts';
import { versionOf } from './version.ts';

export interface Write<Written> {
  readonly id: string;
  /** For messages: `update`. */
  readonly verb: string;
  /**
   * What has to be read under the lock: nothing where a remembered permission will do; `owner` to see
   * whose it is by now; `state` to build on what is stored, so that nobody may write in between.
   */
  readonly reads: 'nothing' | 'owner' | 'state';
  /** The version that has to be stored; `null`: any. Reads the state. */
  readonly ifVersion: string | null;
  /**
   * Sends the write, within the deadline of the field.
   *
   * @param stored - What was read under the lock; `null` where nothing was.
   * @param cancellation - Ends the write where the lock is about to be lost.
   * @returns What the API answered, or an {@link Unwritten} answer where nothing was to be sent.
   */
  readonly send: (
    store: ExecutionContextStore,
    deadline: number,
    stored: ExecutionContext | null,
    cancellation: Departure | null,
  ) => Promise<Written | Unwritten<Written>>;
  /** The context that the write was answered with; `null` where there is none. */
  readonly written: (answer: Written) => ExecutionContext | null;
}

/** The answer of a write that had nothing to write, so that nobody has to hear of it. */
export class Unwritten<Written> {
  readonly answer: Written;

  constructor(answer: Written) {
    this.answer = answer;
  }
}

/** Waiting for the lock ends this long before the deadline, so that the conflict can be told. */
const answerMs = 250;

/** What is wrong with an `ifVersion` that was given. */
export function versionIssues(
  path: readonly string[],
  ifVersion: Optional<string>,
): readonly InputIssue[] {
  return ifVersion === '' ? [{ path, message: 'must not be empty: leave it out for any' }] : [];
}

/** An operation that writes to one context. */
export interface WriteDefinition<Args extends object, Written> {
  readonly field: FieldCoordinate;
  readonly check: OperationDefinition<Args, Written>['check'];
  /** The write that the arguments, which were checked, ask for. */
  readonly write: (args: Args, request: RequestContext) => Write<Written>;
}

/** As `defineOperation`, with the limit of writes and their order: see {@link writeContext}. */
export function defineWrite<Args extends object, Written>({
  field,
  check,
  write,
}: WriteDefinition<Args, Written>): Operation<Args, Written> {
  return defineOperation<Args, Written, LockAhead>({
    field,
    limit: updateLimit,
    check,
    ahead: (args, request) => lockAhead(write(args, request), request),
    run: (args, request, lock) => writeContext(write(args, request), request, lock),
  });
}

/** A lock that was asked for along with the limit. */
class LockAhead implements Ahead {
  readonly deadline: number;
  readonly held: Promise<HeldLock>;

  constructor(deadline: number, held: Promise<HeldLock>) {
    this.deadline = deadline;
    this.held = held;
    // Who uses it is told then.
    held.catch(() => undefined);
  }

  cancel(): void {
    this.held.then(
      (lock) => {
        lock.release();
      },
      () => undefined,
    );
  }
}

/**
 * Asks for the lock of a caller who is known to be permitted, unless somebody of this process wants it,
 * too: a call that the limit refuses holds up no other for long.
 */
function lockAhead(
  write: Pick<Write<never>, 'id' | 'reads' | 'ifVersion'>,
  request: RequestContext,
): LockAhead | null {
  const { store, ownership, locks } = request.service(executionContexts);
  const { id } = write;
  if (locks.isWanted(id)) return null;
  if (!ownership.mayTouchUnread(requireUser(request.identity), id)) return null;
  const deadline = store.deadline();
  const held = locks.acquire(id, deadline - answerMs, !buildsOnState(write));
  return new LockAhead(deadline, Promise.resolve(held));
}

/**
 * Writes to a context that the caller may touch. All writes to one context are one queue: the
 * permission comes first, so that no stranger holds up a context, then the lock; under it what the
 * write has to read, which is the ownership check, too, and the write; then a look at whose context
 * it turned out to be. The calls of one field share its deadline.
 *
 * @param ahead - The lock, where it was asked for already.
 * @throws TypedError (or rejects with one)
 */
export function writeContext<Written>(
  write: Write<Written>,
  request: RequestContext,
  ahead: LockAhead | null = null,
): Promise<Written> {
  const contexts = request.service(executionContexts);
  const { store, ownership, locks } = contexts;
  const { id } = write;
  const user = requireUser(request.identity);
  const deadline = ahead?.deadline ?? store.deadline();
  const call: WriteCall = { contexts, user, deadline, request };
  if (ahead !== null) return writeOnceHeld(write, call, ahead.held);
  if (ownership.mayTouchUnread(user, id)) return writeInTurn(write, call, null, NaN);
  const releases = locks.releases(id);
  return store.fetch(id, request, deadline).then(
    (context) => {
      ownership.check(user, context);
      return writeInTurn(write, call, context, releases);
    },
    (error: unknown) => {
      if (isRefusal(error)) ownership.forget(id, user);
      throw error;
    },
  );
}

interface WriteCall {
  readonly contexts: typeof executionContexts.service;
  readonly user: User;
  readonly deadline: number;
  readonly request: RequestContext;
}

/**
 * @param read - The context as it was read before the lock; `null` where it was not.
 * @param releases - How often the lock had been given back before that.
 * @throws TypedError (or rejects with one)
 */
function writeInTurn<Written>(
  write: Write<Written>,
  call: WriteCall,
  read: ExecutionContext | null,
  releases: number,
): Promise<Written> {
  const { locks } = call.contexts;
  let held: HeldLock | Promise<HeldLock>;
  try {
    held = locks.acquire(write.id, call.deadline - answerMs, !buildsOnState(write));
  } catch (error) {
    throw explain(error, write.verb);
  }
  if (!(held instanceof Promise)) {
    // Nobody has written since it was read: as good as read under the lock.
    const isFresh = read !== null && locks.releases(write.id) === releases;
    return writeUnderLock(write, call, held, isFresh ? read : null);
  }
  return writeOnceHeld(write, call, held);
}

function writeOnceHeld<Written>(
  write: Write<Written>,
  call: WriteCall,
  held: Promise<HeldLock>,
): Promise<Written> {
  return held.then(
    (lock) => writeUnderLock(write, call, lock, null),
    (error: unknown) => {
      throw explain(error, write.verb);
    },
  );
}

/** Whatever happens, the lock is given back. */
function writeUnderLock<Written>(
  write: Write<Written>,
  call: WriteCall,
  lock: HeldLock,
  read: ExecutionContext | null,
): Promise<Written> {
  const { contexts, user, request } = call;
  const { ownership } = contexts;
  const { id, verb, written } = write;
  const cancellation = lock.lease === null ? null : new Lapse(lock.lease);
  const live = request.service(liveContexts);
  let writing: Promise<Written | Unwritten<Written>>;
  try {
    writing = readAndSend(write, call, cancellation, read);
  } catch (error) {
    lock.release();
    throw error;
  }
  return writing.then(
    (answer) => {
      lock.release();
      if (answer instanceof Unwritten) return answer.answer;
      forgetRead(id, request);
      const context = written(answer);
      if (context === null) {
        live.deleted(id);
        ownership.forget(id);
      } else {
        live.changed(id);
        ownership.checkWritten(user, context, verb);
      }
      return answer;
    },
    (error: unknown) => {
      const isDoubtful = error instanceof UpstreamError && error.mayBeApplied;
      if (isDoubtful && error.mayGoOn) lock.abandon();
      else lock.release();
      forgetRead(id, request);
      if (isDoubtful) {
        // Those who watch look for themselves.
        live.changed(id);
        ownership.forget(id);
      } else if (!(error instanceof VersionConflict)) {
        // It was refused: what was remembered of the caller is no longer sure.
        ownership.forget(id, user);
      }
      if (!(error instanceof UpstreamError)) throw error;
      const told = cancellation?.departed === true ? lockLost(verb, error) : error;
      throw isDoubtful && buildsOnState(write) ? unrepeatable(told) : told;
    },
  );
}

function readAndSend<Written>(
  write: Write<Written>,
  { contexts, user, deadline, request }: WriteCall,
  cancellation: Departure | null,
  read: ExecutionContext | null,
): Promise<Written | Unwritten<Written>> {
  const { store, ownership } = contexts;
  const { id, verb, reads, send } = write;
  // Who had the lock meanwhile may have been told that the context is somebody else's by now.
  const isPermitted =
    ownership.mayTouchAny(user) || (reads !== 'owner' && ownership.mayTouchUnread(user, id));
  const readsFirst = buildsOnState(write) || !isPermitted;
  if (!readsFirst) return send(store, deadline, null, cancellation);
  if (read !== null) {
    checkVersion(read, write.ifVersion);
    return send(store, deadline, read, cancellation);
  }
  return store.fetch(id, request, deadline).then((stored) => {
    ownership.check(user, stored);
    checkVersion(stored, write.ifVersion);
    // Nothing was written yet, and what was read may be outdated by the time that it would be.
    if (cancellation?.departed === true) throw lockLost(verb, null);
    return send(store, deadline, stored, cancellation);
  });
}

/** Whether nobody may write between what is read and what is written. */
function buildsOnState({ reads, ifVersion }: Pick<Write<never>, 'reads' | 'ifVersion'>): boolean {
  return reads === 'state' || ifVersion !== null;
}

class VersionConflict extends ConflictError {}

/** @throws VersionConflict */
function checkVersion(stored: ExecutionContext, ifVersion: string | null): void {
  if (ifVersion === null) return;
  const currentVersion = versionOf(stored);
  if (ifVersion === currentVersion) return;
  throw new VersionConflict('The execution context has changed since that version.', {
    currentVersion,
  });
}

/** The loss of a lock, as what ends a write. */
class Lapse implements Departure {
  readonly #lease: Lease;

  constructor(lease: Lease) {
    this.#lease = lease;
  }

  get departed(): boolean {
    return this.#lease.lapsed;
  }

  watch(listener: DepartureListener): void {
    this.#lease.onLapse = () => {
      listener.clientDeparted();
    };
  }

  unwatch(): void {
    this.#lease.onLapse = null;
  }
}

/** What keeps a write from its lock, as what the caller is told. */
function explain(error: unknown, verb: string): unknown {
  if (error instanceof LockBusyError) {
    return new ConflictError(
      error.reason === 'full'
        ? 'Too many other writes to this execution context are waiting. Try again later.'
        : 'Other writes to this execution context took too long. Try again later.',
      { cause: error },
    );
  }
  if (!(error instanceof LocksUnavailableError)) return error;
  return new UpstreamError(
    `No ${verb} can be kept apart from other writes at the moment, so nothing was written.`,
    { code: 'UPSTREAM_UNAVAILABLE', retryable: true, cause: error },
  );
}

/** @param error - What the write came to; `null` where it was not begun. */
function lockLost(verb: string, error: UpstreamError | null): UpstreamError {
  const mayBeApplied = error?.mayBeApplied === true;
  const message = `The lock on this execution context could not be kept, so the ${verb} was given up.`;
  return new UpstreamError(mayBeApplied ? `${message} It may have been applied.` : message, {
    code: mayBeApplied ? 'UPSTREAM_FAILED' : 'UPSTREAM_UNAVAILABLE',
    retryable: true,
    mayBeApplied,
    ...(error !== null && { cause: error }),
  });
}

/** A write that builds on what is stored would build on itself, or find another version. */
function unrepeatable(error: UpstreamError): UpstreamError {
  if (!error.retryable) return error;
  const { message, code, status, mayBeApplied, mayGoOn, cause } = error;
  return new UpstreamError(message, {
    code,
    retryable: false,
    mayBeApplied,
    mayGoOn,
    ...(status !== null && { status }),
    cause,
  });
}
