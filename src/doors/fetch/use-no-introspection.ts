import { NoSchemaIntrospectionCustomRule, type ExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

const suggestion = / Did you mean [^?]*\?/g;

/**
 * Keeps the schema to those who know it: `__schema` and `__type` are refused, and errors suggest no
 * names in place of wrong ones, which would tell all of them to whoever guesses long enough.
 */
export function useNoIntrospection(): Plugin {
  return {
    onValidate({ addValidationRule }) {
      addValidationRule(NoSchemaIntrospectionCustomRule);
    },
    onExecutionResult({ result }) {
      if (result === undefined || isAsyncIterable(result)) return;
      for (const each of [result].flat() as ExecutionResult[]) removeSuggestions(each);
    },
  };
}

/** For results of which no hook is told: those of operations that came by no HTTP request. */
export function removeSuggestions({ errors = [] }: ExecutionResult): void {
  for (const error of errors) error.message = error.message.replace(suggestion, '');
}
