/** The token that goes with every request, and how to get another. */
export interface Session {
  /** The token, once there is one; requested only when it is needed. */
  token(): Promise<string>;
  /** Drops a token that was refused, unless that has been done: ten refusals are one renewal. */
  drop(refused: Promise<string>): void;
  /** Calls `listener` whenever a token is dropped. */
  onDrop(listener: () => void): void;
}

/** @param renew - Gets a token, such as `() => clerk.session.getToken()`. Where it throws, so does the operation. */
export function createSession(renew: () => Promise<string>): Session {
  const listeners: (() => void)[] = [];
  let current: Promise<string> | undefined;

  function drop(refused: Promise<string>): void {
    if (current !== refused) return;
    current = undefined;
    for (const listener of listeners) listener();
  }

  return {
    token() {
      if (current === undefined) {
        const renewed = renew();
        current = renewed;
        renewed.catch(() => {
          drop(renewed);
        });
      }
      return current;
    },
    drop,
    onDrop: (listener) => void listeners.push(listener),
  };
}

/** What every client's results have. */
export interface Result {
  readonly data?: unknown;
  readonly errors?: unknown;
}

/** Where results go. Apollo's and Relay's observers are sinks; graphql-ws and graphql-sse take one. */
export interface Sink<R> {
  next(result: R): void;
  error(error: unknown): void;
  complete(): void;
}

/** Runs an operation once, and returns what stops it. */
export type Run<R> = (sink: Sink<R>, token: string) => () => void;

/** An operation that has one result, as a promise. */
export function once<R>(call: (token: string, signal: AbortSignal) => Promise<R>): Run<R> {
  return (sink, token) => {
    const abort = new AbortController();
    call(token, abort.signal)
      .then((result) => {
        sink.next(result);
        sink.complete();
      })
      .catch((error: unknown) => {
        sink.error(error);
      });
    return () => {
      abort.abort();
    };
  };
}

export interface RecoveryOptions {
  readonly session: Session;
  /** Whether the operation is a subscription, which is to go on until its context is gone. */
  readonly isStream?: boolean;
  /** What takes longer is for a person to see: the error member is passed on. @default 5000 */
  readonly maxWaitMs?: number;
  /** How often in a row an operation is refused until that is passed on. @default 4; a stream: no end */
  readonly maxAttempts?: number;
}

/** A root field's value, as far as its members have fields in common. */
interface Member {
  readonly code?: string;
  readonly retryAfterMs?: number;
  readonly retryable?: boolean;
  readonly deletedId?: string;
}

/**
 * Runs an operation, and runs it again while that may help: with a new token after `UNAUTHENTICATED`,
 * after `retryAfterMs`, and where `retryable` says so. A subscription is opened again also when its
 * connection is lost, or completes though its context is still there: the gateway is restarting.
 */
export function runWithRecovery<R extends Result>(
  run: Run<R>,
  sink: Sink<R>,
  {
    session,
    isStream = false,
    maxWaitMs = 5_000,
    maxAttempts = isStream ? Infinity : 4,
  }: RecoveryOptions,
): () => void {
  let refusals = 0;
  let isRenewed = false;
  let reopenings = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stop = (): void => undefined;
  let isStopped = false;

  function start(): void {
    const token = session.token();
    let isOver = false;

    function again(waitMs: number): void {
      isOver = true;
      stop();
      timer = setTimeout(start, waitMs);
    }

    function reopen(): void {
      reopenings += 1;
      again(backoffMs(reopenings));
    }

    const attempt: Sink<R> = {
      next(result) {
        if (isOver) return;
        const members = membersOf(result);
        const isTokenRefused = members.some(({ code }) => code === 'UNAUTHENTICATED');
        const waitMs = isTokenRefused && isRenewed ? Infinity : waitBeforeRetry(members, refusals);
        if (waitMs <= maxWaitMs && refusals + 1 < maxAttempts) {
          refusals += 1;
          again(waitMs);
          if (isTokenRefused) {
            isRenewed = true;
            session.drop(token);
          }
          return;
        }
        const isLast = result.errors !== undefined || members.some(endsStream);
        if (!isLast) {
          refusals = reopenings = 0;
          isRenewed = false;
        }
        sink.next(result);
        if (isStream && isLast) {
          isOver = true;
          stop();
          sink.complete();
        }
      },
      error(error) {
        if (isOver) return;
        if (isStream && isConnectionLost(error)) reopen();
        else sink.error(error);
      },
      complete() {
        if (isOver) return;
        if (isStream) reopen();
        else sink.complete();
      },
    };

    token.then(
      (value) => {
        if (!isStopped) stop = run(attempt, value);
      },
      (error: unknown) => {
        if (!isStopped) sink.error(error);
      },
    );
  }

  start();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    stop();
  };
}

function membersOf({ data }: Result): Member[] {
  const values: unknown[] = Object.values(data ?? {});
  return values.filter((value): value is Member => typeof value === 'object' && value !== null);
}

/** Infinity where something was done, which must not be done twice, or where waiting does not help. */
function waitBeforeRetry(members: readonly Member[], refusals: number): number {
  const waits = members.map(({ code, retryAfterMs, retryable }) => {
    if (code === 'UNAUTHENTICATED') return 0;
    return retryAfterMs ?? (retryable === true ? backoffMs(refusals) : Infinity);
  });
  return waits.length === 0 ? Infinity : Math.max(...waits);
}

/** Nothing comes after an error or a delete. */
function endsStream({ code, deletedId }: Member): boolean {
  return code !== undefined || deletedId !== undefined;
}

/** Unlike an operation that was refused: by its errors over WebSocket, by a status over HTTP. */
function isConnectionLost(error: unknown): boolean {
  if (Array.isArray(error)) return false;
  const { errors, response } = error as { errors?: unknown; response?: Response };
  return errors === undefined && (response === undefined || response.status >= 500);
}

/** So that a thousand front ends do not come back at once. */
function backoffMs(attempts: number): number {
  return Math.min(250 * 2 ** attempts, 10_000) * (0.5 + Math.random() / 2);
}
