import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { request } from '../../src/http-client.ts';
import { createRestClient } from '../../src/rest/client.ts';
import { createConnections, type Connections } from '../../src/rest/connections.ts';
import { requestOf } from './calls.ts';

const lifeMs = 30_000;

/** Two servers on one port, and a name whose address the test changes. */
describe('connections to an API whose address changes', () => {
  const servers: Server[] = [];
  let address: string;
  let lookups: number;
  let opened: Record<string, number>;
  let origin: string;
  let hold: Promise<void> | null;
  let connections: Connections;

  const lookup: LookupFunction = (_host, options, callback) => {
    lookups += 1;
    if (options.all) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };

  async function listen(host: string, port: number): Promise<number> {
    const server = createServer((_, response) => {
      void Promise.resolve(hold).then(() => response.end(JSON.stringify(host)));
    });
    server.on('connection', () => (opened[host] = (opened[host] ?? 0) + 1));
    server.listen(port, host);
    await once(server, 'listening');
    servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  beforeEach(async () => {
    address = '127.0.0.1';
    lookups = 0;
    opened = {};
    hold = null;
    const port = await listen('127.0.0.1', 0);
    await listen('127.0.0.2', port);
    origin = `http://api.example:${port}`;
    connections = createConnections({
      origin,
      maxConnections: 1,
      connectTimeoutMs: 1_000,
      lifeMs,
      lookup,
    });
  });
  afterEach(async () => {
    await connections.close();
    for (const server of servers.splice(0)) server.close();
  });

  /** Which server answers, `ms` after the start. */
  async function ask(ms: number): Promise<unknown> {
    const sender = connections.sender(startedAt + ms);
    return (await request(sender, { method: 'GET', path: '/' })).body.json();
  }
  let startedAt: number;
  beforeEach(() => {
    startedAt = performance.now();
  });

  it('follow it once they have lived their time, and are kept until then', async () => {
    expect(await ask(0)).toBe('127.0.0.1');
    address = '127.0.0.2';
    expect(await ask(1_000)).toBe('127.0.0.1');
    expect(await ask(lifeMs - 1_000)).toBe('127.0.0.1');
    expect(opened).toEqual({ '127.0.0.1': 1 });
    expect(await ask(lifeMs + 1_000)).toBe('127.0.0.2');
    expect(await ask(lifeMs + 2_000)).toBe('127.0.0.2');
    expect(opened).toEqual({ '127.0.0.1': 1, '127.0.0.2': 1 });
    expect(lookups).toBe(2);
  });

  it('finish what is under way and what waits, at the old address', async () => {
    let release: () => void = () => undefined;
    hold = new Promise((resolve) => (release = resolve));
    const before = Array.from({ length: 5 }, () => ask(0));
    address = '127.0.0.2';
    hold = hold.then(() => undefined);
    const after = ask(lifeMs + 1_000);
    release();
    expect(await Promise.all(before)).toEqual(Array.from({ length: 5 }, () => '127.0.0.1'));
    expect(await after).toBe('127.0.0.2');
    expect(opened).toEqual({ '127.0.0.1': 1, '127.0.0.2': 1 });
  });

  it('are closed when the client is closed, those before them as well', async () => {
    await ask(0);
    await ask(lifeMs + 1_000);
    await connections.close();
    await connections.close();
    for (const server of servers) await expect.poll(() => connectionsOf(server)).toBe(0);
    await expect(ask(lifeMs * 3)).rejects.toMatchObject({ code: 'UND_ERR_DESTROYED' });
  });

  it('are those of a client', async () => {
    const client = createRestClient({
      url: origin,
      apiKey: null,
      timeoutMs: 1_000,
      maxConnections: 1,
      connectionLifeMs: 0,
      lookup,
    });
    const asked = () => client.ask(requestOf(), (body) => body?.string(0, body.bytes.length));
    expect(await asked()).toBe('127.0.0.1');
    address = '127.0.0.2';
    expect(await asked()).toBe('127.0.0.2');
    await client.close();
  });
});

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error === null) resolve(count);
      else reject(error);
    });
  });
}
