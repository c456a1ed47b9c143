import { createYoga } from 'graphql-yoga';

import { listenOnLoopback, type LoopbackServer } from '../loopback-server.ts';
import { sampleConversations, type Conversation } from './conversation.ts';
import { createConversationsSchema } from './schema.ts';

export interface ConversationsOptions {
  /** @default about contexts of the gateway's sandbox */
  readonly conversations?: readonly Conversation[];
  /** Told the `x-request-id` of every request. @default nobody */
  readonly onRequest?: (requestId: string | null) => void;
}

/** Serves the conversations subgraph over HTTP, on a free port. */
export async function startConversations({
  conversations = sampleConversations,
  onRequest,
}: ConversationsOptions = {}): Promise<LoopbackServer> {
  const yoga = createYoga({
    schema: createConversationsSchema(conversations),
    graphiql: false,
    landingPage: false,
    logging: false,
    plugins: [
      {
        onRequest({ request }) {
          onRequest?.(request.headers.get('x-request-id'));
        },
      },
    ],
  });
  return listenOnLoopback(yoga);
}
