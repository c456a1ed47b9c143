import { once } from 'node:events';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/**
 * A round-robin balancer as they come: it asks `/ready` now and then, keeps connections open, and
 * repeats nothing.
 */
export interface Balancer {
  readonly url: string;
  add(replica: string): void;
  remove(replica: string): void;
  /** Resolves when `replica` is sent requests. */
  serves(replica: string): Promise<void>;
  close(): Promise<void>;
}

/** Between two questions to a replica, in milliseconds. */
const checkIntervalMs = 200;

export async function startBalancer(): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true });
  const ready = new Map<string, boolean>();
  let turn = 0;

  async function check(): Promise<void> {
    await Promise.all(
      [...ready.keys()].map(async (replica) => {
        const answer = await fetch(`${replica}/ready`).catch(() => null);
        await answer?.body?.cancel();
        if (ready.has(replica)) ready.set(replica, answer?.status === 200);
      }),
    );
    server.emit('checked');
  }

  function choose(): string | undefined {
    const choices = [...ready].filter(([, isReady]) => isReady);
    turn += 1;
    return choices[turn % choices.length]?.[0];
  }

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const replica = choose();
    if (replica === undefined) throw new Error('no replica is ready');
    const { method, url, headers } = incoming;
    const outgoing = httpRequest(replica + (url ?? '/'), { agent, method, headers });
    const answered = once(outgoing, 'response');
    outgoing.end(body);
    const [answer] = (await answered) as [IncomingMessage];
    const content = await buffer(answer);
    response.writeHead(answer.statusCode ?? 502, { 'content-type': 'application/json' });
    response.end(content);
  }

  const server = createServer((incoming, response) => {
    forward(incoming, response).catch((error: unknown) => {
      response.writeHead(502).end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const timer = setInterval(() => void check(), checkIntervalMs);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (replica) => void ready.set(replica, false),
    remove: (replica) => void ready.delete(replica),
    async serves(replica) {
      while (ready.get(replica) !== true) await once(server, 'checked');
    },
    async close() {
      clearInterval(timer);
      agent.destroy();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
