import { errorCode } from '../telemetry/logged-error.ts';
import { ReplyTimeoutError } from './reply-timeout.ts';

/**
 * The failures of Redis, as errors that are safe to log: they contain no user name, no password and
 * no argument of a command. Each has a `code` that distinguishes its cause from others, or a `cause`
 * that has one.
 */

/** Redis is not connected, or the connection was lost before the reply. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';

  /** @param cause - The last error of the connection, where it is known. */
  constructor(cause?: Error) {
    super('Redis is not connected.', cause === undefined ? undefined : { cause });
  }
}

/** Redis answered with an error. */
export class RedisReplyError extends Error {
  override readonly name = 'RedisReplyError';
  /** The word its errors begin with, such as `READONLY`. */
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** This Redis cannot be used. No retry helps, only another configuration. */
export class UnusableRedisError extends Error {
  override readonly name = 'UnusableRedisError';
  readonly code: 'CLUSTER' | 'SELECT';

  constructor(code: UnusableRedisError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The server does not speak the Redis protocol. */
export class RedisProtocolError extends Error {
  override readonly name = 'RedisProtocolError';
  readonly code = 'PROTOCOL';
}

/** Redis is available, but this call was not counted. Other calls may be. */
export class UncountedCallError extends Error {
  override readonly name = 'UncountedCallError';
}

/**
 * The code of a failure: the first `code` of the error and its causes.
 *
 * @returns `CLOSED` or `UNKNOWN` where there is none.
 */
export function codeOf(failure: unknown): string {
  for (let error = failure; error instanceof Error; error = error.cause) {
    const code = errorCode(error);
    if (code !== null) return code;
  }
  return failure instanceof NotConnectedError ? 'CLOSED' : 'UNKNOWN';
}

/** Whether an error of ioredis is a reply of Redis. */
export function isReplyError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Turns an error of ioredis into one that is safe to log. */
export function explain(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (isReplyError(error)) return explainReply(error);
  if ('code' in error) return error;
  if (error.message.startsWith('Socket timeout.')) {
    return new ReplyTimeoutError(
      'Nothing arrived from Redis for too long, and the connection was closed.',
    );
  }
  if (error.message.startsWith('Unknown RESP type')) {
    return new RedisProtocolError('The server at this address does not speak the Redis protocol.');
  }
  return error;
}

/** Errors about a command may repeat its arguments, and those of AUTH and HELLO are secrets. */
function explainReply(error: Error): RedisReplyError {
  const isSecret = isAboutCommand(error, 'auth') || isAboutCommand(error, 'hello');
  return isSecret
    ? new RedisReplyError('Redis refused the credentials of the gateway.', replyCode(error.message))
    : replyError(error.message);
}

/** The error that Redis answered with. */
export function replyError(message: string): RedisReplyError {
  return new RedisReplyError(message, replyCode(message));
}

/** Whether the error is the reply to a command of this name. */
export function isAboutCommand(error: Error, name: string): boolean {
  const { command } = error as { readonly command?: { readonly name?: unknown } };
  return command?.name === name;
}

/**
 * The code that an error reply begins with. `ERR` alone says nothing: before Redis 7, an error inside
 * a script has its own code further on: `ERR Error running script (...): @user_script:23: -READONLY`.
 */
function replyCode(message: string): string {
  const [first = 'ERR'] = /^[A-Z]+/.exec(message) ?? [];
  if (first !== 'ERR') return first;
  const [, inner] = / -([A-Z]+) /.exec(message) ?? [];
  return inner ?? first;
}

/** Whether a new connection to the same name may lead to a server that does not have this problem. */
export function isAboutThisServer(error: Error): boolean {
  return ['READONLY', 'MASTERDOWN'].includes(replyCode(error.message));
}
