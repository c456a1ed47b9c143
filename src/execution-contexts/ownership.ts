import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';

import { AuthenticationError, ForbiddenError, NotFoundError } from '../errors.ts';
import type { User } from '../identity/user.ts';
import { copyText } from '../json/index.ts';

/** The part of an `ExecutionContext` that the ownership check reads. */
export interface OwnedContext {
  readonly id: string;
  readonly userId: string | null | undefined;
}

/**
 * Decides which user may access which execution context. The owner of a context can change without the
 * gateway's knowledge, so only permissions are remembered, for a short time, and every response of the
 * API updates them. A refusal is always based on a fresh response.
 */
export interface Ownership {
  /**
   * Whether the store decides for each caller, as the API does where the callers' tokens are forwarded.
   * Each caller then needs a read of their own, since a response to one caller says nothing about
   * another. Otherwise one read can be checked for, and shown to, many callers.
   */
  readonly isPerCaller: boolean;
  /** Whether `user` may access any context: as an administrator, or because the API decides. */
  mayTouchAny(user: User): boolean;
  /** Whether `user` is known to be permitted; if `false`, the context has to be read and checked. */
  mayTouchUnread(user: User, id: string): boolean;
  /**
   * Checks a context that was just read.
   *
   * @throws {ForbiddenError} Where `user` may not access it.
   */
  check(user: User, context: OwnedContext): void;
  /** As `check`, but returns the decision: for the items of a page. */
  mayTouch(user: User, context: OwnedContext): boolean;
  /**
   * Checks the context in the response to a write.
   *
   * @param verb - The write, for the message, such as `update`.
   * @throws {ForbiddenError} Where the context now belongs to another user. The message says that the
   *   write was applied.
   */
  checkWritten(user: User, context: OwnedContext, verb: string): void;
  /**
   * Returns the owner of a context that `user` creates.
   *
   * @param requested - The requested owner; `null` means the caller.
   * @throws {ForbiddenError} Where that is another user and `user` is not an administrator.
   */
  ownerOfNew(user: User, requested: string | null): string;
  /**
   * Forgets permissions. To be called after a refusal of the API, and after an outcome that leaves
   * unknown what is stored.
   *
   * @param user - The user whom the API refused. Where the API decides, others keep their permission.
   *   @default all users
   */
  forget(id: string, user?: User): void;
}

/** Whether the API answered that a context does not exist, or that the caller may not access it. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof NotFoundError ||
    error instanceof ForbiddenError ||
    error instanceof AuthenticationError
  );
}

export interface OwnershipOptions {
  readonly isAdministrator: (user: User) => boolean;
  /** How many contexts to remember permissions of. @default 100000, about 20 MB */
  readonly maxRemembered?: number | undefined;
  /** A monotonic clock in milliseconds. @default performance.now */
  readonly now?: (() => number) | undefined;
}

/** How long a permission is remembered, in milliseconds. */
const rememberedForMs = 60_000;

interface Remembered {
  readonly ownerId: string;
  until: number;
}

/**
 * The gateway's own rule, for an API key that can access every context: a context belongs to the user
 * in its `user_id`, and one without is accessible to administrators only.
 */
export function createOwnership({
  isAdministrator,
  maxRemembered = 100_000,
  now = () => performance.now(),
}: OwnershipOptions): Ownership {
  const owners = new LRUCache<string, Remembered>({ max: maxRemembered });

  function remember(id: string, ownerId: string | null | undefined): void {
    if (ownerId === null || ownerId === undefined || ownerId === '') {
      owners.delete(id);
      return;
    }
    const until = now() + rememberedForMs;
    const known = owners.get(id);
    // Copies, because these strings are slices that would keep the API's whole response alive.
    if (known?.ownerId === ownerId) known.until = until;
    else owners.set(copyText(id), { ownerId: copyText(ownerId), until });
  }

  function owns(user: User, { userId }: OwnedContext): boolean {
    // No user has an empty id: an empty owner means that the context has none.
    return (userId === user.id && userId !== '') || isAdministrator(user);
  }

  function mayTouch(user: User, context: OwnedContext): boolean {
    remember(context.id, context.userId);
    return owns(user, context);
  }

  return {
    isPerCaller: false,
    mayTouchAny: isAdministrator,
    mayTouchUnread(user, id) {
      const known = owners.get(id);
      if (known?.ownerId === user.id && now() < known.until) return true;
      return isAdministrator(user);
    },
    check(user, context) {
      if (!mayTouch(user, context)) {
        throw new ForbiddenError('This execution context belongs to another user.');
      }
    },
    mayTouch,
    checkWritten(user, context, verb) {
      remember(context.id, context.userId);
      // A response without the key says nothing about the owner.
      if (context.userId === undefined || owns(user, context)) return;
      throw new ForbiddenError(
        `The ${verb} was applied, but the execution context now belongs to another user.`,
      );
    },
    ownerOfNew(user, requested) {
      if (requested === null || requested === user.id || isAdministrator(user)) {
        return requested ?? user.id;
      }
      throw new ForbiddenError('You can create execution contexts only for yourself.');
    },
    forget(id) {
      owners.delete(id);
    },
  };
}

/** How many callers of one context to remember: the most recent ones. */
const maxCallers = 8;

/**
 * Leaves the decision to the API, for callers whose tokens are forwarded. It remembers which callers
 * the API has recently permitted to access a context. Any other caller has to read the context before
 * a write, so that callers without permission cannot lock it.
 *
 * @param options - As for {@link createOwnership}.
 */
export function createForwardedOwnership({
  maxRemembered = 100_000,
  now = () => performance.now(),
}: Omit<OwnershipOptions, 'isAdministrator'> = {}): Ownership {
  /** The permitted callers by the id of the context, the most recent first. */
  const callers = new LRUCache<string, Permission[]>({ max: maxRemembered });

  function remember(user: User, id: string): void {
    const until = now() + rememberedForMs;
    const known = callers.get(id);
    const permission = known?.find(({ userId }) => userId === user.id);
    if (permission !== undefined) permission.until = until;
    else if (known === undefined) callers.set(copyText(id), [{ userId: user.id, until }]);
    else {
      known.unshift({ userId: user.id, until });
      known.length = Math.min(known.length, maxCallers);
    }
  }

  return {
    isPerCaller: true,
    mayTouchAny: () => true,
    mayTouchUnread(user, id) {
      const permission = callers.get(id)?.find(({ userId }) => userId === user.id);
      return permission !== undefined && now() < permission.until;
    },
    check(user, { id }) {
      remember(user, id);
    },
    mayTouch: () => true,
    checkWritten(user, { id }) {
      remember(user, id);
    },
    ownerOfNew: (user, requested) => requested ?? user.id,
    forget(id, user) {
      if (user === undefined) {
        callers.delete(id);
        return;
      }
      const known = callers.get(id);
      const at = known?.findIndex(({ userId }) => userId === user.id) ?? -1;
      if (at >= 0) known?.splice(at, 1);
    },
  };
}

interface Permission {
  readonly userId: string;
  until: number;
}
