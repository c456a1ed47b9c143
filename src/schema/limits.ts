import type { FieldRateLimit } from './plugins/rate-limit/index.ts';

/** Update, delete and whatever else changes a stored context. */
export const updateLimit: FieldRateLimit = {
  group: 'update',
  limits: [
    { window: '60s', max: 50 },
    { window: '1s', max: 10 },
  ],
};

/** Fetch, list, and each distinct entity reference. */
export const readLimit: FieldRateLimit = {
  group: 'read',
  limits: [
    { window: '60s', max: 100 },
    { window: '1s', max: 20 },
  ],
};

export const createLimit: FieldRateLimit = {
  group: 'create',
  limits: [
    { window: '60s', max: 100 },
    { window: '1s', max: 10 },
  ],
};
