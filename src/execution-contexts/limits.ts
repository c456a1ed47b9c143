import type { OperationLimit } from '../engine/operation.ts';

/** The limit of update, merge and delete. */
export const updateLimit = {
  group: 'update',
  limits: [
    { window: '60s', max: 50 },
    { window: '1s', max: 10 },
  ],
} as const satisfies OperationLimit;

/** The limit of fetch, list, subscriptions, and each distinct entity reference. */
export const readLimit = {
  group: 'read',
  limits: [
    { window: '60s', max: 100 },
    { window: '1s', max: 20 },
  ],
} as const satisfies OperationLimit;

/** The limit of create. */
export const createLimit = {
  group: 'create',
  limits: [
    { window: '60s', max: 100 },
    { window: '1s', max: 10 },
  ],
} as const satisfies OperationLimit;
