/** What a log line keeps of an error. */
export interface LoggedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | undefined;
  /** What the system was asked to do, such as `connect` or `getaddrinfo`. */
  readonly syscall?: string | undefined;
  /** The name that was looked up or whose certificate was checked. */
  readonly hostname?: string | undefined;
  /** The address that was to be reached, or of the peer that was lost. */
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly stack?: string | undefined;
  readonly cause?: LoggedError | undefined;
  /** Of an attempt at several addresses, one each; without their stacks. */
  readonly errors?: readonly LoggedError[] | undefined;
}

/** The word that an error of the system or of a library has for what went wrong; `null` without one. */
export function errorCode(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** Deep enough for an error, what wrapped it, and what wrapped that. */
const maxCauses = 3;
const maxErrors = 4;

/**
 * An error without what it may carry along: errors of GraphQL have the document and its values among
 * their properties, those of Redis the command, and their printed stack begins with the message.
 * Properties are kept by name: where a connection was to go is among them, never what was sent.
 *
 * The message stays, but for the kinds whose messages quote their input: `JSON.parse`'s, and
 * graphql-js's own.
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

/** Where Node puts what a connection failed with, and undici (`socket`); checked before use. */
interface ErrorProperties extends Error {
  readonly syscall?: unknown;
  readonly hostname?: unknown;
  /** Of a certificate that was issued to another name. */
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
