import type { GraphQLSchema } from 'graphql';

import { Outgoing } from '../../src/engine/incoming.ts';
import { defineOperation, type OperationLimit } from '../../src/engine/operation.ts';
import { RequestContext, ServiceKey, Services } from '../../src/engine/request-context.ts';
import { AuthenticationError, InputError } from '../../src/errors.ts';
import type { Identity } from '../../src/identity/identity.ts';
import type { RateLimitWindow } from '../../src/rate-limit/limit.ts';
import { addErrorTypes } from '../../src/schema/error-types.ts';
import {
  addResultUnion,
  operationField,
  type AppliedDirective,
} from '../../src/schema/result-field.ts';
import { createSubgraphSchema } from '../../src/schema/subgraph.ts';

export interface Charge {
  readonly group: string;
  readonly windows: readonly RateLimitWindow[];
}

/** What happened in a request. */
export class Happenings {
  /** In order. */
  readonly events: string[] = [];
  readonly charges: Charge[] = [];
}

export interface Caller {
  /** Whether the limit refuses. */
  readonly refuse?: boolean;
  readonly isAnonymous?: boolean;
}

const happeningsKey = new ServiceKey<Happenings>('happenings');

/** A request that notes what happens in it. */
export function createRequest(
  happenings: Happenings,
  { refuse = false, isAnonymous = false }: Caller = {},
): RequestContext {
  const { events, charges } = happenings;
  return new RequestContext(
    {
      services: new Services().set(happeningsKey, happenings),
      rateLimiter: {
        decide(_user, { group, windows }, cost) {
          events.push(cost === 0 ? `refused before ${group}` : 'limit');
          if (cost === 1) charges.push({ group, windows });
          const admitted = cost === 0 || !refuse;
          const refusedBy = admitted ? null : (windows[0] ?? null);
          return { admitted, refusedBy, retryAfterMs: admitted ? 0 : 1000, windows: [] };
        },
      },
      onResult: () => undefined,
      onNullReference: () => undefined,
    },
    {
      requestId: 'request-1',
      authorization: null,
      trace: undefined,
      span: null,
      departure: null,
      outgoing: new Outgoing(),
    },
    watchedIdentity(events, isAnonymous),
    false,
  );
}

/** An identity that notes when it is first looked at. */
function watchedIdentity(events: string[], isAnonymous: boolean): Identity {
  const note = () => {
    if (!events.includes('identity')) events.push('identity');
  };
  if (isAnonymous) {
    const error = new AuthenticationError('There is no session token.');
    return {
      get kind() {
        note();
        return 'anonymous' as const;
      },
      error,
    };
  }
  const user = {
    id: 'alice',
    sessionId: null,
    organization: null,
    workspace: null,
    organizationPermissions: [],
    workspacePermissions: [],
    expiresAtMs: Infinity,
  };
  return {
    get kind() {
      note();
      return 'user' as const;
    },
    user,
  };
}

export interface LimitedField {
  readonly name: string;
  readonly limit: OperationLimit;
  /** For which field its operation is defined. @default itself */
  readonly operation?: string;
  /** @default true */
  readonly hasUnion?: boolean;
  readonly directives?: readonly AppliedDirective[];
}

/** A subgraph whose queries are these fields, made as the gateway makes its own. */
export function createLimitedSchema(fields: readonly LimitedField[]): GraphQLSchema {
  return createSubgraphSchema([
    (builder) => {
      const errors = addErrorTypes(builder, {
        prefix: 'Work',
        noun: 'work',
        idField: 'workId',
      });
      const Work = builder.objectRef<{ id: string }>('Work').implement({
        fields: (t) => ({ id: t.exposeID('id') }),
      });
      builder.asEntity(Work, {
        key: builder.selection<{ id: string }>('id'),
        resolveReference: ({ id }) => ({ id }),
      });
      const Result = addResultUnion(builder, errors, {
        name: 'WorkResult',
        description: 'The work, or why there was none.',
        success: Work,
      });
      builder.mutationField('rest', (t) => t.boolean({ resolve: () => true }));
      for (const { name, limit, operation = name, hasUnion = true, directives = [] } of fields) {
        const work = defineOperation<
          { readonly good?: boolean | null | undefined },
          { id: string }
        >({
          field: `Query.${operation}`,
          limit,
          check({ good }, request) {
            request.service(happeningsKey).events.push('validation');
            if (good !== true) throw new InputError('Bad input.');
          },
          async run(_args, request) {
            request.service(happeningsKey).events.push('work');
            return { id: '1' };
          },
        });
        const options = operationField(work, {
          description: 'Works.',
          directives,
        });
        builder.queryField(name, (t) => {
          const args = { good: t.arg.boolean({ defaultValue: true }) };
          return hasUnion
            ? t.field({ type: Result, args, ...options })
            : t.field({ type: Work, args, ...options, resolve: () => ({ id: '1' }) });
        });
      }
    },
  ]);
}
