import { NoSchemaIntrospectionCustomRule, type ExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

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
  for (const error of errors) error.message = withoutSuggestions(error.message);
}

/**
 * A client's own text may be in a message, and repeat how a suggestion begins as often as it likes: each
 * character is looked at twice at most.
 */
function withoutSuggestions(message: string): string {
  let kept = '';
  let from = 0;
  for (;;) {
    const begin = message.indexOf(' Did you mean ', from);
    const end = begin === -1 ? -1 : message.indexOf('?', begin);
    if (end === -1) return kept + message.slice(from);
    kept += message.slice(from, begin);
    from = end + 1;
  }
}
