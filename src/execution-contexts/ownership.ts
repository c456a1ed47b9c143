import { LRUCache } from 'lru-cache';

import { ForbiddenError } from '../errors.ts';
import type { User } from '../identity/user.ts';

/** What the rule has to know of a context. */
export interface OwnedContext {
  readonly id: string;
  readonly userId: string | null;
}

/** Who may touch which execution context. */
export interface Ownership {
  /**
   * Whether `user` may touch the context, as far as is known without asking the API.
   *
   * @throws ForbiddenError where the owner is known to be somebody else.
   */
  isKnownToAllow(user: User, id: string): boolean;
  /** @throws ForbiddenError where `user` may not touch `context`. */
  check(user: User, context: OwnedContext): void;
  mayTouch(user: User, context: OwnedContext): boolean;
  /**
   * The owner of a context that `user` creates.
   *
   * @param requested - The owner asked for; `null` means the caller.
   * @throws ForbiddenError where that is somebody else and `user` is no administrator.
   */
  ownerOfNew(user: User, requested: string | null): string;
  forget(id: string): void;
}

export interface OwnershipOptions {
  readonly isAdministrator: (user: User) => boolean;
  /** How many contexts' owners to remember. @default 100000, some 20 MB */
  readonly maxRemembered?: number | undefined;
}

/**
 * The gateway's own rule, for when its key can touch every context: a context belongs to its
 * `user_id`, one without belongs to the administrators. The owner of a context never changes, so it
 * is looked up once and remembered.
 */
export function createOwnership({
  isAdministrator,
  maxRemembered = 100_000,
}: OwnershipOptions): Ownership {
  // An empty string stands for "nobody", since the cache cannot hold null.
  const owners = new LRUCache<string, string>({ max: maxRemembered });

  function owns(user: User, ownerId: string | null): boolean {
    return (ownerId !== null && ownerId !== '' && ownerId === user.id) || isAdministrator(user);
  }

  function mayTouch(user: User, { id, userId }: OwnedContext): boolean {
    owners.set(id, userId ?? '');
    return owns(user, userId);
  }

  return {
    isKnownToAllow(user, id) {
      if (isAdministrator(user)) return true;
      const ownerId = owners.get(id);
      if (ownerId === undefined) return false;
      if (!owns(user, ownerId)) throw notYours();
      return true;
    },
    check(user, context) {
      if (!mayTouch(user, context)) throw notYours();
    },
    mayTouch,
    ownerOfNew(user, requested) {
      if (requested === null || requested === user.id || isAdministrator(user)) {
        return requested ?? user.id;
      }
      throw new ForbiddenError('You can create execution contexts only for yourself.');
    },
    forget: (id) => owners.delete(id),
  };
}

/**
 * No rule of the gateway's own, for when the caller's token goes upstream: the API decides, and
 * nothing learned from one caller's call is used for another's.
 */
export const decidedUpstream: Ownership = {
  isKnownToAllow: () => true,
  check: () => undefined,
  mayTouch: () => true,
  ownerOfNew: (user, requested) => requested ?? user.id,
  forget: () => undefined,
};

function notYours(): ForbiddenError {
  return new ForbiddenError('This execution context belongs to somebody else.');
}
