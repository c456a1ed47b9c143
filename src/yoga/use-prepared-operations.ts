import {
  GraphQLError,
  Kind,
  OperationTypeNode,
  execute,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import { maskError, type GraphQLParams, type Plugin } from 'graphql-yoga';

import type { GatewayContext } from '../context.ts';
import type { BuildContext } from './context-builder.ts';
import { createTextCache } from './document-cache.ts';
import { noteContext } from './use-gateway-context.ts';

export interface PreparedOperationsOptions {
  readonly schema: GraphQLSchema;
  readonly buildContext: BuildContext;
  /** Told of an error that is a bug; the client is told no more than that there was one. */
  readonly onBug: (error: unknown) => void;
}

interface PreparedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
}

/** What Yoga executes with, less what it leaves open. */
interface TypedExecutionArgs {
  readonly document: DocumentNode;
  readonly contextValue: { readonly params: GraphQLParams };
}

/**
 * Runs an operation whose text was seen before straight away. Front ends send the same few texts
 * with other variables, and for those the hooks around parsing, validating and executing are most
 * of what an operation costs.
 *
 * A text is remembered when it comes to be executed, so it has passed every rule there is; one that
 * does not pass goes the long way each time. Other plugins' hooks around parsing, validating and
 * executing do not see a remembered operation: leave this out where there are such plugins.
 */
export function usePreparedOperations(options: PreparedOperationsOptions): Plugin {
  const { schema, buildContext, onBug } = options;
  const operations = createTextCache<PreparedOperation>();

  async function run(
    { document, operation }: PreparedOperation,
    { variables }: GraphQLParams,
    contextValue: GatewayContext,
  ): Promise<ExecutionResult> {
    contextValue.facts.operation = operation.operation;
    const variableValues = variables ?? null;
    const result = await execute({ schema, document, contextValue, variableValues });
    return result.errors === undefined ? result : { ...result, errors: result.errors.map(mask) };
  }

  function mask(error: GraphQLError): GraphQLError {
    const masked = maskError(error, 'Unexpected error.', false);
    if (masked === error) return error;
    onBug(error);
    return masked instanceof GraphQLError ? masked : new GraphQLError(masked.message);
  }

  return {
    onParams({ params, request, paramsHandler, setParamsHandler }) {
      const prepared = operations.get(params.query ?? '');
      // By GET a mutation is refused, which the long way knows.
      if (prepared === undefined || request.method !== 'POST') return;
      if (!isAskedFor(prepared.operation, params.operationName)) return;
      setParamsHandler(async (payload) => {
        const contextValue = await buildContext(payload.request);
        noteContext(contextValue, { ...payload.context, request: payload.request });
        const result = await run(prepared, payload.params, contextValue);
        // Without data nothing has run, for the variables are wrong: the long way says it in full.
        return result.data === undefined ? paramsHandler(payload) : result;
      });
    },
    onExecute({ args }) {
      const { document, contextValue } = args as TypedExecutionArgs;
      const { query = '' } = contextValue.params;
      const operation = onlyOperation(document);
      if (operation !== undefined) {
        operations.set(query, { document, operation });
      }
    },
  };
}

/** The one query or mutation of a document; undefined where there are several. */
function onlyOperation({ definitions }: DocumentNode): OperationDefinitionNode | undefined {
  const [operation, ...others] = definitions.filter(
    (definition) => definition.kind === Kind.OPERATION_DEFINITION,
  );
  if (others.length > 0 || operation?.operation === OperationTypeNode.SUBSCRIPTION) {
    return undefined;
  }
  return operation;
}

function isAskedFor({ name }: OperationDefinitionNode, operationName: string | null | undefined) {
  return (operationName ?? null) === null || operationName === name?.value;
}
