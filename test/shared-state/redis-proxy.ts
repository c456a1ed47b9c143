import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A TCP proxy that can keep back what clients send, and deliver it later. */
export interface HoldingProxy {
  readonly url: string;
  /** Pieces that clients have sent so far. */
  readonly received: number;
  hold(): void;
  release(): void;
  close(): void;
}

export async function startHoldingProxy(targetUrl: string): Promise<HoldingProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const kept: (() => void)[] = [];
  let holding = false;
  let received = 0;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => {
        client.destroy();
        upstream.destroy();
      });
      socket.on('error', () => socket.destroy());
    }
    upstream.pipe(client);
    client.on('data', (chunk) => {
      received += 1;
      if (holding) kept.push(() => upstream.write(chunk));
      else upstream.write(chunk);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port was given.');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    get received() {
      return received;
    },
    hold() {
      holding = true;
    },
    release() {
      holding = false;
      for (const deliver of kept.splice(0)) deliver();
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
