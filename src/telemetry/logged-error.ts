/** The parts of an error that are logged. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  /** The system call that failed, such as `connect` or `getaddrinfo`. */
  readonly syscall?: string | undefined;
  /** The name that was looked up, or that the certificate was checked for. */
  readonly hostname?: string | undefined;
  /** The address of the connection attempt, or of the peer whose connection was lost. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError | undefined;
  /** The errors of attempts at several addresses, without their stacks. */
  readonly errors?: readonly LoggedError[] | undefined;
}

/** The `code` of an error of the system or of a library; `null` where it has none. */
export function errorCode(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Deep enough for an error that was wrapped twice. */
const maxCauses = 3;
const maxErrors = 4;

/**
 * Reduces an error to what is safe to log: errors of GraphQL have the document and its values among their
 * properties, errors of Redis the command, and printed stacks begin with the message. Only listed
 * properties are kept: the destination of a connection is among them, never what was sent.
 *
 * The message is kept, except for errors whose messages quote their input: those of `JSON.parse` and of
 * graphql-js.
 *
 * @param causes - How many levels of causes are kept. @default 3
 */
export function loggedError(error: unknown, causes = maxCauses): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error' };
  const { name, message, stack, cause } = error;
  const original = 'originalError' in error ? error.originalError : undefined;
  const inner = cause ?? original;
  const { syscall, hostname, host, address, port, socket } = error as ErrorProperties;
  return {
    type: name,
    message: quotesInput(error) ? 'left out: it may quote the input' : message,
    code: errorCode(error) ?? undefined,
    syscall: text(syscall),
    hostname: text(hostname) ?? text(host),
    address: text(address) ?? text(socket?.remoteAddress),
    port: number(port) ?? number(socket?.remotePort),
    stack: stack && frames(stack),
    cause: inner instanceof Error && causes > 0 ? loggedError(inner, causes - 1) : undefined,
    errors: error instanceof AggregateError ? attempts(error) : undefined,
  };
}

/** The properties that Node, and undici (`socket`), give to errors of connections; checked before use. */
interface ErrorProperties extends Error {
  readonly syscall?: unknown;
  readonly hostname?: unknown;
  /** The expected name, where a certificate was issued to another one. */
  readonly host?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly socket?: { readonly remoteAddress?: unknown; readonly remotePort?: unknown } | null;
}

function attempts({ errors }: AggregateError): LoggedError[] {
  return errors
    .slice(0, maxErrors)
    .map((error) => ({ ...loggedError(error, 0), stack: undefined }));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
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
