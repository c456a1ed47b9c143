import { NoSchemaIntrospectionCustomRule, type ExecutionResult } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';

/**
 * Disables introspection: `__schema` and `__type` are refused, and errors suggest no names for
 * misspelled ones, because guessing long enough would reveal the whole schema.
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

/**
 * Removes suggested names from the errors of a result, in place: for operations without an HTTP
 * request, for which the hook is not called.
 */
export function removeSuggestions({ errors = [] }: ExecutionResult): void {
  for (const error of errors) error.message = withoutSuggestions(error.message);
}

/**
 * Takes linear time: a message can contain text of the client, which may repeat the beginning of a
 * suggestion any number of times.
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
