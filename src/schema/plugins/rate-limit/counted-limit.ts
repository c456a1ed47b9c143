import type { RateLimitWindow } from '../../../rate-limit/limit.ts';

/** A field's limit as it is counted. */
export interface CountedLimit {
  readonly group: string;
  readonly windows: readonly RateLimitWindow[];
}

/** The limit that the `rateLimit` option gave a field, from where the plugin leaves it. */
export function limitOf({
  extensions,
}: {
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}): CountedLimit | undefined {
  return extensions?.['rateLimit'] as CountedLimit | undefined;
}
