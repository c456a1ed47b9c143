import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/**
 * A TCP proxy that can keep back what clients send, and deliver it later; that can be far away; and
 * that can lead elsewhere, as a name does after a failover.
 */
export interface HoldingProxy {
  readonly url: string;
  /** Pieces that clients have sent so far. */
  readonly received: number;
  hold(): void;
  release(): void;
  /** From now on each piece takes `ms` milliseconds on its way, there and back. */
  delay(ms: number): void;
  /** Leads new connections to another server. Those there are stay where they are. */
  leadTo(targetUrl: string): void;
  close(): void;
}

export async function startHoldingProxy(targetUrl: string): Promise<HoldingProxy> {
  let target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const kept: (() => void)[] = [];
  let holding = false;
  let received = 0;
  let delayMs = 0;
  /** Timers of one length fire in the order they were set. */
  const deliver = (to: Socket, chunk: Buffer) => {
    if (delayMs === 0) to.write(chunk);
    else setTimeout(() => to.write(chunk), delayMs);
  };

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
    upstream.on('data', (chunk: Buffer) => {
      deliver(client, chunk);
    });
    client.on('data', (chunk: Buffer) => {
      received += 1;
      if (holding) kept.push(() => upstream.write(chunk));
      else deliver(upstream, chunk);
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
      for (const send of kept.splice(0)) send();
    },
    delay(ms) {
      delayMs = ms;
    },
    leadTo(url) {
      target = new URL(url);
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
