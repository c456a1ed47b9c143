import { createHash } from 'node:crypto';

import { canonicalJson } from '../json/index.ts';
import type { ExecutionContext } from './model.ts';

/**
 * Returns the version of a context: a digest of its state and session by their meaning. It is the same
 * on every replica, and does not depend on the order in which a store keeps members. Opaque to clients,
 * and never logged, because it is derived from stored data.
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
