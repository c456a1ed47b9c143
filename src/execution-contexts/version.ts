import { createHash } from 'node:crypto';

import { canonicalJson } from '../json/index.ts';
import type { ExecutionContext } from './model.ts';

/**
 * The version of a context: a digest of its state and session by their meaning, the same through
 * every replica and whatever order a store keeps members in. Opaque to clients, and never logged: it
 * is made of what is stored.
 */
export function versionOf({
  context,
  sessionId,
}: Pick<ExecutionContext, 'context' | 'sessionId'>): string {
  return createHash('sha256')
    .update(JSON.stringify(sessionId))
    .update(context === null ? 'null' : canonicalJson(context))
    .digest('base64url')
    .slice(0, 22);
}
