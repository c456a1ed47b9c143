import { setTimeout as sleep } from 'node:timers/promises';

import type { OperationName } from './cases.ts';

/** How many requests the gateway's limits still admit, if all users take turns. */
export interface Allowance {
  /** Resolves once `wanted` requests are admitted, or as many as ever are, with their number. */
  available(operation: OperationName, wanted: number): Promise<number>;
  spent(operation: OperationName, requests: number): void;
}

/** Milliseconds and calls a user, as `schema.graphql` states them. */
const windows = {
  read: [
    { ms: 60_000, max: 100 },
    { ms: 1_000, max: 20 },
  ],
  update: [
    { ms: 60_000, max: 50 },
    { ms: 1_000, max: 10 },
  ],
} as const;

/** Users do not take turns to the request, and clocks differ: some of each limit is left alone. */
const usable = 0.8;

export function createAllowance(users: number): Allowance {
  const spent: Record<keyof typeof windows, { readonly at: number; readonly requests: number }[]> =
    { read: [], update: [] };

  function left(group: keyof typeof windows): number {
    const now = performance.now();
    spent[group] = spent[group].filter(({ at }) => at > now - 61_000);
    return Math.min(
      ...windows[group].map(({ ms, max }) => {
        const recent = spent[group].filter(({ at }) => at > now - ms);
        const used = recent.reduce((sum, { requests }) => sum + requests, 0);
        return Math.floor(users * max * usable) - used;
      }),
    );
  }

  const groupOf = (operation: OperationName) => (operation === 'update' ? 'update' : 'read');

  return {
    async available(operation, wanted) {
      const group = groupOf(operation);
      const ever = Math.min(...windows[group].map(({ max }) => Math.floor(users * max * usable)));
      const enough = Math.max(1, Math.min(wanted, ever));
      while (left(group) < enough) await sleep(100);
      return left(group);
    },
    spent(operation, requests) {
      spent[groupOf(operation)].push({ at: performance.now(), requests });
    },
  };
}

/** For servers without limits. */
export const unlimited: Allowance = {
  available: async () => Infinity,
  spent: () => undefined,
};
