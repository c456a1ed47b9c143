import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';

import { AuthenticationError, ForbiddenError, NotFoundError } from '../errors.ts';
import type { User } from '../identity/user.ts';
import { copyText } from '../json/index.ts';

/** What the rule has to know of a context; see `ExecutionContext`. */
export interface OwnedContext {
  readonly id: string;
  readonly userId: string | null | undefined;
}

/**
 * Who may touch which execution context. Owners change behind the gateway's back: what is remembered
 * is only ever a permission, for a short time, and each answer of the API corrects it. A refusal is
 * always made on a fresh answer.
 */
export interface Ownership {
  /**
   * Whether the store decides for each caller, as where their tokens go upstream: it is then asked on
   * behalf of each by itself, since what it answers one says nothing for another. Else what was read
   * once may be checked, and shown, for many.
   */
  readonly isPerCaller: boolean;
  /**
   * Whether it does not matter whose a context is: `user` is an administrator, or the API decides.
   */
  mayTouchAny(user: User): boolean;
  /** Whether `user` may touch the context, by what was learned lately; `false`: read it first. */
  mayTouchUnread(user: User, id: string): boolean;
  /**
   * Checks a context that was just read.
   *
   * @throws ForbiddenError where `user` may not touch it.
   */
  check(user: User, context: OwnedContext): void;
  /** As `check`, for the items of a page. */
  mayTouch(user: User, context: OwnedContext): boolean;
  /**
   * Checks what a write was answered with.
   *
   * @param verb - What was done, such as `update`.
   * @throws ForbiddenError where the context has come to belong to somebody else, saying that the
   *   write was applied.
   */
  checkWritten(user: User, context: OwnedContext, verb: string): void;
  /**
   * The owner of a context that `user` creates.
   *
   * @param requested - The owner asked for; `null` means the caller.
   * @throws ForbiddenError where that is somebody else and `user` is no administrator.
   */
  ownerOfNew(user: User, requested: string | null): string;
  /**
   * To be called after an outcome that leaves in doubt what is stored, and after a refusal of the API.
   *
   * @param user - Who was refused. Where the API decides, that says nothing of others. @default all
   */
  forget(id: string, user?: User): void;
}

/** Whether the API has said that a context is gone, or not for who asked. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof NotFoundError ||
    error instanceof ForbiddenError ||
    error instanceof AuthenticationError
  );
}

export interface OwnershipOptions {
  readonly isAdministrator: (user: User) => boolean;
  /** How many contexts' owners to remember. @default 100000, some 20 MB */
  readonly maxRemembered?: number | undefined;
  /** Milliseconds on a clock that never jumps. @default performance.now */
  readonly now?: (() => number) | undefined;
}

/** How long a permission is taken for granted, in milliseconds. */
const rememberedForMs = 60_000;

interface Remembered {
  readonly ownerId: string;
  until: number;
}

/**
 * The gateway's own rule, for when its key can touch every context: a context belongs to its
 * `user_id`, one without belongs to the administrators.
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
    // Copies, since the API's words are slices of its whole answer.
    if (known?.ownerId === ownerId) known.until = until;
    else owners.set(copyText(id), { ownerId: copyText(ownerId), until });
  }

  function owns(user: User, { userId }: OwnedContext): boolean {
    // Nobody's id is empty: a context with an empty owner has none.
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
        throw new ForbiddenError('This execution context belongs to somebody else.');
      }
    },
    mayTouch,
    checkWritten(user, context, verb) {
      remember(context.id, context.userId);
      // An answer without the key says nothing of the owner.
      if (context.userId === undefined || owns(user, context)) return;
      throw new ForbiddenError(
        `The ${verb} was applied, but the execution context belongs to somebody else by now.`,
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

/** How many callers to remember of a context, those who were seen last. */
const maxCallers = 8;

/**
 * No rule of the gateway's own, for when the caller's token goes upstream: the API decides. All that
 * is remembered is of which callers it has let touch a context lately, each for their own writes: a
 * caller who is not known reads first, so that a stranger does not take the lock of a context.
 *
 * @param options - As of {@link createOwnership}.
 */
export function createForwardedOwnership({
  maxRemembered = 100_000,
  now = () => performance.now(),
}: Omit<OwnershipOptions, 'isAdministrator'> = {}): Ownership {
  /** The callers of a context, the latest first. */
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
