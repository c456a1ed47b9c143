import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';

import type { TestGateway } from '../support/gateway.ts';
import { replyError } from '../support/upstream-faults.ts';
import { eventually, watch, watchDocument } from '../live/streams.ts';
import { documents, operations } from './document-cases.ts';
import { startGatewayPair, type GatewayPair } from './gateway-pair.ts';

/**
 * What `two-ways.test.ts` is for single answers, for streams and for what comes by WebSocket: a document
 * that was seen before is answered as one that was not, byte for byte.
 */

/** What a client gets to see, one message after the other. */
interface Conversation {
  readonly messages: readonly string[];
  /** Whether it is over: by `complete`, by an error. */
  readonly isOver: () => boolean;
  leave(): void;
}

let pair: GatewayPair;
let unseenDocuments = 0;

beforeAll(async () => {
  pair = await startGatewayPair({ LIVE_POLL_MS: '20' });
});
afterAll(() => pair.close());
beforeEach(() => {
  // Past every limit's window.
  pair.clock.advance(60_000);
  for (const { gateway } of pair.sides) {
    gateway.upstream.clear();
    store(gateway, { step: 1 });
  }
});

const owned = { id: 'ctx_1', agent_id: 'agent', user_id: 'alice', session_id: 's1' };

function store({ upstream }: TestGateway, context: unknown, more: object = {}): void {
  upstream.seed({ ...owned, ...more, context });
}

/** The same, but for a comment: a document that nobody has seen. */
const unseen = (document: string) => `${document} # ${(unseenDocuments += 1)}`;

const withoutIds = (text: string) =>
  text.replace(/[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, '(made up)');

/** Opens a WebSocket and sends an operation over it. */
async function overSocket(
  gateway: TestGateway,
  token: string,
  payload: object,
): Promise<Conversation> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, [
    'graphql-transport-ws',
  ]);
  const messages: string[] = [];
  socket.on('message', (data: Buffer) => messages.push(withoutIds(data.toString())));
  await once(socket, 'open');
  const authorization = `Bearer ${token}`;
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  socket.send(JSON.stringify({ id: 'a', type: 'subscribe', payload }));
  return {
    messages,
    isOver: () => /"type":"(?:complete|error)"/.test(messages.at(-1) ?? ''),
    leave: () => {
      socket.terminate();
    },
  };
}

/** What came of an operation by WebSocket, whose document was seen before or was not. */
async function answers(gateway: TestGateway, payload: object): Promise<readonly string[]> {
  const conversation = await overSocket(gateway, await gateway.tokenOf('alice'), payload);
  expect(await eventually(conversation.isOver, true)).toBe(true);
  conversation.leave();
  return conversation.messages;
}

type Open = (gateway: TestGateway, isSeen: boolean) => Promise<Conversation>;

const doors: readonly (readonly [name: string, open: Open])[] = [
  [
    'server-sent events',
    async (gateway, isSeen) => {
      const reader = await watch(gateway.url, 'ctx_1', {
        token: await gateway.tokenOf('alice'),
        // Requests at the second path are always executed by Yoga.
        path: isSeen ? '/graphql' : '/graphql/',
      });
      let isOver = false;
      void reader.ended().then(() => (isOver = true));
      const headers = Object.entries(reader.headers).filter(([name]) => !ofChance.has(name));
      return {
        get messages() {
          const blocks = withoutIds(reader.text()).split('\n\n').slice(0, -1);
          return [JSON.stringify(headers.sort()), ...blocks];
        },
        isOver: () => isOver,
        leave: () => {
          reader.leave();
        },
      };
    },
  ],
  [
    'WebSocket',
    async (gateway, isSeen) => {
      const query = isSeen ? watchDocument : unseen(watchDocument);
      const payload = { query, variables: { id: 'ctx_1' } };
      return overSocket(gateway, await gateway.tokenOf('alice'), payload);
    },
  ],
];
const ofChance: ReadonlySet<string> = new Set(['date', 'x-request-id']);

/** What happens after the first state was shown, up to the end. */
const stories: readonly (readonly [name: string, tell: (gateway: TestGateway) => unknown])[] = [
  [
    'a deletion',
    ({ upstream }) => {
      upstream.always(replyError(404, 'gone'));
    },
  ],
  [
    'another owner',
    (gateway) => {
      store(gateway, { step: 3 }, { user_id: 'bob' });
    },
  ],
  [
    'reads that fail',
    ({ upstream }) => {
      upstream.always(replyError(500, 'no'));
    },
  ],
  [
    'an answer that is none',
    ({ upstream }) => {
      upstream.always(({ response }) => void response.end('{"id":"another"}'));
    },
  ],
];

describe.each(doors)('both ways are one for a stream by %s', (_, open) => {
  beforeAll(async () => {
    for (const { gateway } of pair.sides) {
      store(gateway, { step: 1 });
      const first = await open(gateway, true);
      await eventually(() => first.messages.some((text) => text.includes('"step":1')), true);
      first.leave();
    }
  });

  it.each(stories)('that shows states and ends with %s', async (__, tell) => {
    const conversations = await Promise.all([
      open(pair.planned.gateway, true),
      open(pair.yogas.gateway, false),
    ]);
    // Numbers, keys and line feeds that a plain value would not keep.
    const states = [
      '{"step":1}',
      '{"n":9007199254740993.10,"10":1,"2":"\\u00e9\\n","step":2}',
      '{\n"step":3}',
    ];
    for (const [i, state] of states.entries()) {
      for (const { gateway } of pair.sides) {
        gateway.upstream.always(({ response }) => {
          response.end(`{"id":"ctx_1","user_id":"alice","session_id":"s1","context":${state}}`);
        });
      }
      const shown = `"step":${i + 1}`;
      for (const conversation of conversations) {
        const isShown = () => conversation.messages.some((text) => text.includes(shown));
        expect(await eventually(isShown, true)).toBe(true);
      }
    }
    for (const { gateway } of pair.sides) {
      gateway.upstream.clear();
      tell(gateway);
    }
    for (const { isOver } of conversations) expect(await eventually(isOver, true)).toBe(true);
    const [planned, yogas] = conversations.map(({ messages }) => messages);
    expect(planned).toEqual(yogas);
    for (const conversation of conversations) conversation.leave();
  });
});

describe('both ways are one by WebSocket for', () => {
  // A syntax error at the end of a document stands behind the comment by which one is not seen.
  const asked = [...operations, ...documents].filter(([, , { body }]) =>
    /"query":"(?!\{")/.test(String(body)),
  );

  it.each(asked)('%s', async (_, __, { body }) => {
    const payload = JSON.parse(String(body)) as { readonly query: string };
    for (const { gateway } of pair.sides) await answers(gateway, payload);
    for (const { gateway } of pair.sides) {
      gateway.upstream.clear();
      store(gateway, { step: 1 });
    }
    const planned = await answers(pair.planned.gateway, payload);
    const yogas = await answers(pair.yogas.gateway, { ...payload, query: unseen(payload.query) });
    expect(planned).toEqual(yogas);
  });
});
