import type { Cancellation, CancellationListener } from '../cancellation.ts';
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
import type { HeldLock, Lease } from '../shared-state/keyed-locks.ts';
import type { Optional } from './input.ts';
import { updateLimit } from './limits.ts';
import {
  executionContexts,
  liveContexts,
  type ExecutionContext,
  type ExecutionContextStore,
} from './model.ts';
import { forgetRead, readFresh } from './reads.ts';
import { versionOf } from './version.ts';
import { lockFailure, lockLost, notRetryable } from './write-failures.ts';

/** A write to one stored context. */
export interface Write<Written> {
  readonly id: string;
  /** For messages, such as `update`. */
  readonly verb: string;
  /**
   * What must be read under the lock before the write: `nothing` where a remembered permission is
   * enough; `owner` where the current owner must be checked; `state` where the write depends on what
   * is stored, so that no other write may come in between.
   */
  readonly reads: 'nothing' | 'owner' | 'state';
  /** The version that must be stored, which is compared after a read; `null` accepts any. */
  readonly ifVersion: string | null;
  /**
   * Sends the write.
   *
   * @param deadline - Of the field, on the clock of the store.
   * @param stored - What was read under the lock; `null` where nothing was read.
   * @param cancellation - Cancels the write when the lease on the lock has expired; `null` where the
   *   lock does not expire.
   * @returns The API's answer, or an {@link Unwritten} answer where there was nothing to send.
   */
  readonly send: (
    store: ExecutionContextStore,
    deadline: number,
    stored: ExecutionContext | null,
    cancellation: Cancellation | null,
  ) => Promise<Written | Unwritten<Written>>;
  /** Returns the context in the API's answer; `null` where the write deleted it. */
  readonly written: (answer: Written) => ExecutionContext | null;
}

/** The answer of a write that changed nothing, so that watchers need not be notified. */
export class Unwritten<Written> {
  readonly answer: Written;

  constructor(answer: Written) {
    this.answer = answer;
  }
}

/** How long before the deadline the wait for a lock ends, in milliseconds, so that the conflict can still be answered. */
const answerMs = 250;

/** The issues of an `ifVersion` argument. */
export function versionIssues(
  path: readonly string[],
  ifVersion: Optional<string>,
): readonly InputIssue[] {
  return ifVersion === ''
    ? [{ path, message: 'must not be empty: leave it out to accept any version' }]
    : [];
}

/** An operation that writes to one context. */
export interface WriteDefinition<Args extends object, Written> {
  readonly field: FieldCoordinate;
  readonly check: OperationDefinition<Args, Written>['check'];
  /** Returns the write that the arguments, already checked, ask for. */
  readonly write: (args: Args, request: RequestContext) => Write<Written>;
}

/**
 * Defines an operation, as `defineOperation` does, whose work is {@link writeContext} and whose limit
 * is the one of writes.
 *
 * @throws {RangeError} Where the limit is invalid.
 */
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

/** A lock that is requested while the limiter decides. */
class LockAhead implements Ahead {
  readonly deadline: number;
  readonly held: Promise<HeldLock>;

  constructor(deadline: number, held: Promise<HeldLock>) {
    this.deadline = deadline;
    this.held = held;
    // The write handles a rejection later; until then it must not count as unhandled.
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
 * Requests the lock before the limit is checked, where the caller is known to be permitted and no
 * other call of this process wants the same lock: a call that the limit then refuses delays others
 * only briefly.
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
  const held = locks.acquire(id, deadline - answerMs, !dependsOnState(write));
  return new LockAhead(deadline, Promise.resolve(held));
}

/**
 * Writes to a context that the caller may touch. Writes to one context run one after the other:
 *
 * 1. The permission of the caller, from memory or by a read, so that only permitted callers can lock a
 *    context.
 * 2. The lock.
 * 3. Under the lock, the read that the write needs, which repeats the ownership check, and the write.
 * 4. A check of the owner in the API's answer.
 *
 * All calls share the deadline of the field.
 *
 * @param ahead - The lock, where it was requested before.
 * @throws {TypedError} (or rejects with one)
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
  return readFresh(id, request, deadline).then((context) =>
    writeInTurn(write, call, context, releases),
  );
}

/** What all steps of one write share. */
interface WriteCall {
  readonly contexts: typeof executionContexts.service;
  readonly user: User;
  readonly deadline: number;
  readonly request: RequestContext;
}

/**
 * Acquires the lock, and writes.
 *
 * @param read - The context as it was read before the lock; `null` where it was not read.
 * @param releases - How often the lock had been released before that read.
 * @throws {TypedError} (or rejects with one)
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
    held = locks.acquire(write.id, call.deadline - answerMs, !dependsOnState(write));
  } catch (error) {
    throw lockFailure(error, write.verb);
  }
  if (!(held instanceof Promise)) {
    // No write has finished since the read, so it is as good as a read under the lock.
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
      throw lockFailure(error, write.verb);
    },
  );
}

/**
 * Reads what the write needs, writes, and settles: releases the lock, forgets what is outdated, and
 * notifies watchers. Where the write may still be running at the API, the lock is left to expire.
 */
function writeUnderLock<Written>(
  write: Write<Written>,
  call: WriteCall,
  lock: HeldLock,
  read: ExecutionContext | null,
): Promise<Written> {
  const { contexts, user, request } = call;
  const { ownership } = contexts;
  const { id, verb, written } = write;
  const cancellation = lock.lease === null ? null : new LeaseExpiry(lock.lease);
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
        // Watchers then read the context, and see whether it has changed.
        live.changed(id);
        ownership.forget(id);
      } else if (!(error instanceof VersionConflict)) {
        // The API refused or failed, so the remembered permission may be outdated.
        ownership.forget(id, user);
      }
      if (!(error instanceof UpstreamError)) throw error;
      const failure = cancellation?.isCanceled === true ? lockLost(verb, error) : error;
      throw isDoubtful && dependsOnState(write) ? notRetryable(failure) : failure;
    },
  );
}

function readAndSend<Written>(
  write: Write<Written>,
  { contexts, user, deadline, request }: WriteCall,
  cancellation: Cancellation | null,
  read: ExecutionContext | null,
): Promise<Written | Unwritten<Written>> {
  const { store, ownership } = contexts;
  const { id, verb, reads, send } = write;
  // Asked again: the write that held the lock before may have learned of another owner.
  const isPermitted =
    ownership.mayTouchAny(user) || (reads !== 'owner' && ownership.mayTouchUnread(user, id));
  const readsFirst = dependsOnState(write) || !isPermitted;
  if (!readsFirst) return send(store, deadline, null, cancellation);
  if (read !== null) {
    checkVersion(read, write.ifVersion);
    return send(store, deadline, read, cancellation);
  }
  return readFresh(id, request, deadline).then((stored) => {
    checkVersion(stored, write.ifVersion);
    // Without the lock, what was read may be outdated before the write arrives.
    if (cancellation?.isCanceled === true) throw lockLost(verb, null);
    return send(store, deadline, stored, cancellation);
  });
}

/** Whether no other write may come between the read and this write. */
function dependsOnState({ reads, ifVersion }: Pick<Write<never>, 'reads' | 'ifVersion'>): boolean {
  return reads === 'state' || ifVersion !== null;
}

class VersionConflict extends ConflictError {}

/** @throws {VersionConflict} Where another version than `ifVersion` is stored. */
function checkVersion(stored: ExecutionContext, ifVersion: string | null): void {
  if (ifVersion === null) return;
  const currentVersion = versionOf(stored);
  if (ifVersion === currentVersion) return;
  throw new VersionConflict('The execution context has changed since that version.', {
    currentVersion,
  });
}

/** The expiry of the lease on a lock, in the form in which a store takes the cancellation of a write. */
class LeaseExpiry implements Cancellation {
  readonly #lease: Lease;

  constructor(lease: Lease) {
    this.#lease = lease;
  }

  get isCanceled(): boolean {
    return this.#lease.lapsed;
  }

  watch(listener: CancellationListener): void {
    this.#lease.onLapse = () => {
      listener.canceled();
    };
  }

  unwatch(): void {
    this.#lease.onLapse = null;
  }
}
