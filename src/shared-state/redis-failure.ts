import { errorCode } from '../telemetry/logged-error.ts';
import { ReplyTimeoutError } from './reply-timeout.ts';

/**
 * Why something shared could not be used, as errors that are safe to log: no user name, no password,
 * no argument of a command. Each has a `code`, a word by which two causes are told apart, or a cause
 * that has one.
 */

/** Redis is not connected at this moment, or stopped being so before it answered. */
export class NotConnectedError extends Error {
  override readonly name = 'NotConnectedError';

  /** @param cause - What the connection met last, where that is known. */
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

/** Redis is there, and is not one that can be used: no retry helps, another configuration does. */
export class UnusableRedisError extends Error {
  override readonly name = 'UnusableRedisError';
  readonly code: 'CLUSTER' | 'SELECT';

  constructor(code: UnusableRedisError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What answers does not speak Redis' protocol. */
export class RedisProtocolError extends Error {
  override readonly name = 'RedisProtocolError';
  readonly code = 'PROTOCOL';
}

/** The store is in reach, but this one call was not counted. Other calls may well be. */
export class UncountedCallError extends Error {
  override readonly name = 'UncountedCallError';
}

/** The word that names a failure: the first `code` of the error and what caused it, else its name. */
export function codeOf(failure: unknown): string {
  for (let error = failure; error instanceof Error; error = error.cause) {
    const code = errorCode(error);
    if (code !== null) return code;
  }
  return failure instanceof NotConnectedError ? 'CLOSED' : 'UNKNOWN';
}

/** Whether an error of ioredis is one that Redis answered with. */
export function isReplyError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** An error of ioredis as one that is safe to log. */
export function explain(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  if (isReplyError(error)) return explainReply(error);
  if ('code' in error) return error;
  if (error.message.startsWith('Socket timeout.')) {
    return new ReplyTimeoutError('Redis was silent for too long, and the connection was given up.');
  }
  if (error.message.startsWith('Unknown RESP type')) {
    return new RedisProtocolError(
      'What answers at this address does not speak the Redis protocol.',
    );
  }
  return error;
}

/** Errors about a command may repeat its arguments, and those of these two are secrets. */
function explainReply(error: Error): RedisReplyError {
  const isSecret = isAboutCommand(error, 'auth') || isAboutCommand(error, 'hello');
  const message = isSecret ? 'Redis refused to sign the gateway in.' : error.message;
  return new RedisReplyError(message, replyCode(error.message));
}

/** Whether Redis answered this error to a command of this name. */
export function isAboutCommand(error: Error, name: string): boolean {
  const { command } = error as { readonly command?: { readonly name?: unknown } };
  return command?.name === name;
}

/**
 * The word an error reply begins with; `ERR` says nothing by itself. Before Redis 7, an error inside
 * a script has its own word further on: `ERR Error running script (...): @user_script:23: -READONLY`.
 */
function replyCode(message: string): string {
  const [first = 'ERR'] = /^[A-Z]+/.exec(message) ?? [];
  if (first !== 'ERR') return first;
  const [, inner] = / -([A-Z]+) /.exec(message) ?? [];
  return inner ?? first;
}

/** Whether another connection by the same name may meet a server that can do what this one cannot. */
export function isAboutThisServer(error: Error): boolean {
  return ['READONLY', 'MASTERDOWN'].includes(replyCode(error.message));
}
