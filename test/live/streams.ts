import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

/** What `executionContextUpdated` yields, with all fields of its members. */
export interface StreamEvent {
  readonly __typename: string;
  readonly id?: string;
  readonly context?: unknown;
  readonly sessionId?: string | null;
  readonly version?: string;
  readonly deletedId?: string;
  readonly code?: string;
  readonly message?: string;
  readonly requestId?: string;
  readonly source?: string;
  readonly limit?: number | null;
}

export const watchDocument = `subscription Watch($id: ID!) {
  executionContextUpdated(id: $id) {
    __typename
    ... on AiExecutionContext { id context sessionId version }
    ... on DeletedExecutionContext { deletedId }
    ... on ExecutionContextError { code message requestId }
    ... on ExecutionContextRateLimitError { source limit }
  }
}`;

/** A reader of a stream of server-sent events, over a connection of its own. */
export interface EventReader {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** All that came so far, as it came. */
  text(): string;
  /** The next event, however long it takes; `null` after `complete`, or where the connection ended. */
  next(): Promise<StreamEvent | null>;
  /** All events up to the end of the stream. */
  rest(): Promise<StreamEvent[]>;
  /** Resolves when the response has ended; whether `complete` was said before. */
  ended(): Promise<boolean>;
  /** Reads nothing from now on, until `resume`. */
  pause(): void;
  resume(): void;
  leave(): void;
}

export interface WatchOptions {
  readonly token?: string | undefined;
  /** `null`: no such header. @default text/event-stream */
  readonly accept?: string | null | undefined;
  readonly document?: string | undefined;
  /** @default /graphql */
  readonly path?: string | undefined;
}

/** Subscribes to a context of the gateway at `url`. */
export async function watch(
  url: string,
  id: string,
  {
    token,
    accept = 'text/event-stream',
    document = watchDocument,
    path = '/graphql',
  }: WatchOptions = {},
): Promise<EventReader> {
  const body = JSON.stringify({ query: document, variables: { id } });
  const sent = request(url + path, {
    method: 'POST',
    agent: false,
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(accept !== null && { accept }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  let unread = '';
  let isComplete = false;
  let hasEnded = false;
  const events: StreamEvent[] = [];
  let wake = (): void => undefined;

  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    unread += chunk;
    const blocks = unread.split('\n\n');
    unread = blocks.pop() ?? '';
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata:(.*)$/.exec(block) ?? [];
      if (name === 'complete') isComplete = true;
      else if (name === 'next') events.push(readEvent(data ?? ''));
      else if (block !== ':') throw new Error(`No event: ${JSON.stringify(block)}`);
    }
    wake();
  });
  const ended = new Promise<boolean>((resolve) => {
    response.on('close', () => {
      hasEnded = true;
      wake();
      resolve(isComplete);
    });
  });
  response.on('error', () => undefined);
  sent.on('error', () => undefined);

  async function next(): Promise<StreamEvent | null> {
    for (;;) {
      const event = events.shift();
      if (event !== undefined) return event;
      if (isComplete || hasEnded) return null;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text: () => text,
    next,
    async rest() {
      const all: StreamEvent[] = [];
      for (let event = await next(); event !== null; event = await next()) all.push(event);
      return all;
    },
    ended: () => ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    leave: () => void sent.destroy(),
  };
}

function readEvent(data: string): StreamEvent {
  const { data: result, errors } = JSON.parse(data) as {
    data?: { executionContextUpdated: StreamEvent } | null;
    errors?: unknown;
  };
  if (!result) throw new Error(`An event without data: ${JSON.stringify(errors)}`);
  return result.executionContextUpdated;
}

/** What `read` answers once it answers `expected`, or in the end. */
export async function eventually<T>(read: () => T | Promise<T>, expected: T): Promise<T> {
  const until = performance.now() + 5_000;
  for (;;) {
    const value = await read();
    if (value === expected || performance.now() > until) return value;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A gauge or counter of the gateway at `url`; 0 where it has no such series. */
export async function metric(url: string, series: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return Number(line?.split(' ')[1] ?? 0);
}
