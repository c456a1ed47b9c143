import type { GatewayContext } from '../../context.ts';
import { ExecutionContextError, InputError } from '../../errors.ts';
import { checkId } from '../../execution-contexts/validation.ts';
import { parseRateLimitRules } from '../../rate-limit/limit.ts';
import type { ExecutionContext } from '../../upstream/wire.ts';
import { readLimit } from '../limits.ts';
import { signedIn } from '../signed-in.ts';

const readWindows = parseRateLimitRules(readLimit.limits);

/**
 * The context that another subgraph refers to by its key: each distinct id is one read, with the
 * same identity, validation, limit and ownership as the `executionContext` field has.
 *
 * What that field would answer as an error is null here, since an error would be the whole
 * operation's, and the references beside it would be lost with it.
 */
export function resolveReference(
  { id: given }: { readonly id?: unknown },
  context: GatewayContext,
): Promise<ExecutionContext | null> {
  const id = Number.isSafeInteger(given) ? String(given) : given;
  // What is no id is read by nobody, so there is nothing to share.
  if (typeof id !== 'string') return readOrNull(id, context);
  let reference = context.references.get(id);
  if (reference === undefined) {
    reference = readOrNull(id, context);
    context.references.set(id, reference);
  }
  return reference;
}

async function readOrNull(id: unknown, context: GatewayContext): Promise<ExecutionContext | null> {
  try {
    return await read(id, context);
  } catch (error) {
    if (!(error instanceof ExecutionContextError)) throw error;
    context.onNullReference(error.code);
    return null;
  }
}

/** A representation is an `_Any`, so nothing has looked at the id yet. */
async function read(id: unknown, context: GatewayContext): Promise<ExecutionContext> {
  signedIn({}, context);
  if (typeof id !== 'string') throw new InputError('The id of a reference must be a string.');
  checkId({ id });
  await context.charge(readLimit.group, readWindows);
  return context.executionContexts.fetch(id);
}
