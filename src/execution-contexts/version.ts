import { hash } from 'node:crypto';

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
  const state = context === null ? 'null' : canonicalJson(context);
  return hash('sha256', `${JSON.stringify(sessionId)}${state}`, 'base64url').slice(0, 22);
}
