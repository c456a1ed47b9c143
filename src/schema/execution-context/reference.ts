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
  { id }: { readonly id: unknown },
  context: GatewayContext,
): Promise<ExecutionContext | null> {
  const key = String(id);
  let reference = context.references.get(key);
  if (reference === undefined) {
    reference = read(id, context).catch((error: unknown) => {
      if (!(error instanceof ExecutionContextError)) throw error;
      context.onNullReference(error.code);
      return null;
    });
    context.references.set(key, reference);
  }
  return reference;
}

async function read(given: unknown, context: GatewayContext): Promise<ExecutionContext> {
  signedIn({}, context);
  const id = parseId(given);
  await context.charge(readLimit.group, readWindows);
  return context.executionContexts.fetch(id);
}

/** A representation is an `_Any`, so nothing has looked at the id yet. */
function parseId(given: unknown): string {
  const id = Number.isSafeInteger(given) ? String(given) : given;
  if (typeof id !== 'string') throw new InputError('The id of a reference must be a string.');
  checkId({ id });
  return id;
}
