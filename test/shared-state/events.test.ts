import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  createMemoryEvents,
  EventsUnavailableError,
  type TopicListener,
  type Events,
} from '../../src/shared-state/events.ts';
import { createRedisElection } from '../../src/shared-state/redis-election.ts';
import type { RedisConnection } from '../../src/shared-state/redis-connection.ts';
import { createRedisEvents } from '../../src/shared-state/redis-events.ts';
import { describeWithRedis, lacksRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { connectionTo } from './open-redis.ts';

/** A listener that keeps what it is told. */
class Recorder implements TopicListener {
  readonly messages: string[] = [];
  losses = 0;
  #wake: () => void = () => undefined;

  received(message: string): void {
    this.messages.push(message);
    this.#wake();
  }

  lost(): void {
    this.losses += 1;
    this.#wake();
  }

  /** Resolves once `holds` does. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

interface OpenEvents {
  /** Two replicas' ends of the same events; in this process they are one. */
  readonly replicas: [Events, Events];
  readonly close: () => Promise<void>;
}

interface Backend {
  readonly name: string;
  readonly open: () => Promise<OpenEvents>;
}

async function connect(server: RedisServer): Promise<RedisConnection> {
  const connection = connectionTo(server.url);
  await connection.connect();
  return connection;
}

const memory: Backend = {
  name: 'events of this process',
  async open() {
    const events = createMemoryEvents();
    return { replicas: [events, events], close: async () => undefined };
  },
};

const redis: Backend = {
  name: 'events by Redis',
  async open() {
    const server = await startRedis();
    const connections = [await connect(server), await connect(server)] as const;
    const [one, other] = connections;
    return {
      replicas: [createRedisEvents({ connection: one }), createRedisEvents({ connection: other })],
      async close() {
        for (const connection of connections) connection.close();
        await server.close();
      },
    };
  },
};

describe.each(lacksRedis() ? [memory] : [memory, redis])('$name', ({ open }) => {
  let opened: OpenEvents;
  let one: Events;
  let other: Events;

  beforeEach(async () => {
    opened = await open();
    [one, other] = opened.replicas;
  });
  afterEach(() => opened.close());

  it('reach every listener of the topic on every replica, in order', async () => {
    const listeners = [new Recorder(), new Recorder(), new Recorder()] as const;
    await one.subscribe('ctx_1', listeners[0]);
    await one.subscribe('ctx_1', listeners[1]);
    await other.subscribe('ctx_1', listeners[2]);
    const messages = Array.from({ length: 100 }, (_, i) => `message ${i}`);
    for (const message of messages) one.publish('ctx_1', message);
    for (const listener of listeners) {
      await listener.until(() => listener.messages.length >= messages.length);
      expect(listener.messages).toEqual(messages);
    }
  });

  it('reach no listener of another topic', async () => {
    const [asked, another] = [new Recorder(), new Recorder()];
    await one.subscribe('ctx:ä ', asked);
    await one.subscribe('ctx', another);
    other.publish('ctx:ä ', 'message');
    await asked.until(() => asked.messages.length > 0);
    other.publish('ctx', 'last');
    await another.until(() => another.messages.length > 0);
    expect(asked.messages).toEqual(['message']);
    expect(another.messages).toEqual(['last']);
  });

  it('reach nobody after unsubscribing, and whoever subscribes next', async () => {
    const [first, second] = [new Recorder(), new Recorder()];
    await one.subscribe('ctx_1', first);
    one.unsubscribe('ctx_1', first);
    one.unsubscribe('ctx_1', first);
    await one.subscribe('ctx_1', second);
    other.publish('ctx_1', 'message');
    await second.until(() => second.messages.length > 0);
    expect(first.messages).toEqual([]);
  });

  it('can be published where nobody listens', () => {
    one.publish('ctx_1', 'message');
    expect(one.usable).toBe(true);
  });
});

describeWithRedis('events by Redis, when it goes away', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  let events: Events;

  beforeEach(async () => {
    server = await startRedis();
    connection = await connect(server);
    events = createRedisEvents({ connection });
  });
  afterEach(async () => {
    connection.close();
    await server.close();
  });

  it('tell every listener once, refuse new ones, and work again when it is back', async () => {
    const listeners = [new Recorder(), new Recorder()] as const;
    await events.subscribe('ctx_1', listeners[0]);
    await events.subscribe('ctx_2', listeners[1]);
    await server.stop();
    for (const listener of listeners) await listener.until(() => listener.losses > 0);
    const late = new Recorder();
    await expect(events.subscribe('ctx_1', late)).rejects.toThrow(EventsUnavailableError);
    expect(events.usable).toBe(false);

    await server.start();
    while (!connection.usable) await new Promise((resolve) => setTimeout(resolve, 10));
    await events.subscribe('ctx_1', late);
    events.publish('ctx_1', 'message');
    await late.until(() => late.messages.length > 0);
    expect(late.messages).toEqual(['message']);
    expect(listeners.map(({ losses, messages }) => [losses, messages])).toEqual([
      [1, []],
      [1, []],
    ]);
  });
});

describeWithRedis('an election', () => {
  let server: RedisServer;
  const connections: RedisConnection[] = [];

  beforeEach(async () => {
    server = await startRedis();
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close();
    await server.close();
  });

  async function replica() {
    const connection = await connect(server);
    connections.push(connection);
    return createRedisElection({ connection });
  }

  it('elects one replica, which may prolong its term, until it ends it', async () => {
    const [one, other] = [await replica(), await replica()];
    expect(await one.acquire('poll', 5_000)).toBe(0);
    expect(await one.acquire('poll', 10_000)).toBe(0);
    const takenForMs = await other.acquire('poll', 5_000);
    expect(takenForMs).toBeGreaterThan(5_000);
    expect(takenForMs).toBeLessThanOrEqual(10_000);
    // A replica cannot end the term of another.
    other.release('poll');
    expect(await other.acquire('poll', 5_000)).toBeGreaterThan(0);
    one.release('poll');
    while ((await other.acquire('poll', 5_000)) > 0) continue;
    expect(await one.acquire('poll', 5_000)).toBeGreaterThan(0);
  });

  it('is open when the term is over', async () => {
    const [one, other] = [await replica(), await replica()];
    expect(await one.acquire('poll', 50)).toBe(0);
    const takenForMs = await other.acquire('poll', 50);
    await new Promise((resolve) => setTimeout(resolve, takenForMs + 1));
    expect(await other.acquire('poll', 50)).toBe(0);
  });
});
