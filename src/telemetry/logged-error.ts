/** What a log line keeps of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError | undefined;
}

/** Deep enough for an error, what wrapped it, and what wrapped that. */
const maxCauses = 3;

/**
 * An error without what it may carry along: errors of GraphQL have the document and its values among
 * their properties, those of Redis the command, and their printed stack begins with the message.
 *
 * The message stays, but for the kinds whose messages quote their input: `JSON.parse`'s, and
 * graphql-js's own.
 */
export function loggedError(error: unknown, causes = maxCauses): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error' };
  const { name, message, stack, cause } = error;
  const original = 'originalError' in error ? error.originalError : undefined;
  const inner = cause ?? original;
  return {
    type: name,
    message: quotesInput(error) ? 'left out: it may quote the input' : message,
    code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
    stack: stack && frames(stack),
    cause: inner instanceof Error && causes > 0 ? loggedError(inner, causes - 1) : undefined,
  };
}

function quotesInput({ name }: Error): boolean {
  return name === 'SyntaxError' || name === 'GraphQLError';
}

function frames(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
}
