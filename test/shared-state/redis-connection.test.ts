import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import type { RedisCall } from '../../src/shared-state/redis-calls.ts';
import type { RedisConnection } from '../../src/shared-state/redis-connection.ts';
import { codeOf, UnusableRedisError } from '../../src/shared-state/redis-failure.ts';
import { defineScript } from '../../src/shared-state/redis-program.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../support/redis.ts';
import { connectionTo, observe } from './open-redis.ts';
import { startHoldingProxy, type HoldingProxy } from '../support/redis-proxy.ts';

const echo = defineScript(`return ARGV[1]`);
const push = defineScript(`return redis.call('LPUSH', KEYS[1], ARGV[1])`);
const timeOf = defineScript(`return NOW`);
const infinity = defineScript(`return 1 / 0`);

const opened: RedisConnection[] = [];
function open(url: string, keyPrefix?: string): RedisConnection {
  const connection = connectionTo(url, keyPrefix, [echo, push, timeOf, infinity]);
  opened.push(connection);
  return connection;
}
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

/** What a connection that cannot be made rejects with. */
async function refusalOf(connection: RedisConnection): Promise<Error> {
  return connection.connect().then(
    () => {
      throw new Error('It connected.');
    },
    (error: unknown) => error as Error,
  );
}

describeWithRedis('the connection to Redis', () => {
  let server: RedisServer;
  let observer: Redis;
  beforeAll(async () => {
    server = await startRedis();
    observer = await observe(server.url);
  });
  beforeEach(async () => {
    await observer.flushall();
  });
  afterAll(async () => {
    observer.disconnect();
    await server.close();
  });

  it('opens nothing before it is asked to', async () => {
    const clientsOf = async () =>
      String(await observer.client('LIST'))
        .trim()
        .split('\n').length;
    const before = await clientsOf();
    const connection = open(server.url);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await clientsOf()).toBe(before);
    await connection.connect();
    expect(await clientsOf()).toBe(before + 1);
  });

  it('is never usable in another database than that of the URL', async () => {
    const connection = open(`${server.url}/99`);
    const refusal = await refusalOf(connection);
    expect(refusal).toBeInstanceOf(UnusableRedisError);
    expect(refusal.message).toContain('database 99');
    for (let round = 0; round < 20; round += 1) {
      await expect(connection.run(push, ['lost'], ['1'])).rejects.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(connection.cause).toBe('SELECT');
    expect(await observer.keys('*')).toEqual([]);
  });

  it('does without INFO where that is not permitted', async () => {
    await observer.call('ACL', 'SETUSER', 'bob', 'on', '>pw', '~*', '+@all', '-info');
    const connection = open(server.url.replace('://', '://bob:pw@'));
    await connection.connect();
    expect(connection.usable).toBe(true);
  });

  it('asks nothing more for calls that left with another one', async () => {
    const connection = open(server.url);
    await connection.connect();
    const questions = async () => {
      const stats = await observer.info('commandstats');
      const asked = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)];
      return asked.reduce((sum, [, calls]) => sum + Number(calls), 0);
    };
    const before = await questions();
    connection.post(echo, [], ['1'], (cause) => expect.unreachable(cause.message));
    await connection.run(echo, [], ['2']);
    // The timer of the posted one is over by then.
    await new Promise((resolve) => setTimeout(resolve, 10));
    await connection.run(echo, [], ['3']);
    expect(await questions()).toBe(before + 2);
  });

  it('puts its prefix before each name', () => {
    expect(open(server.url).key('a:b')).toBe('execution-context-gateway:a:b');
    expect(open(server.url, 'staging/').key('a:b')).toBe('staging/a:b');
  });

  it('reads the clock of Redis while nothing else is sent', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const connection = open(server.url);
      await connection.connect();
      for (let minute = 0; minute < 3; minute += 1) {
        const before = connection.clock.observedMs;
        vi.advanceTimersByTime(2_000);
        await vi.waitUntil(() => connection.clock.observedMs > before);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('has subscribers that are over once their connection is lost', async () => {
    const connection = open(server.url);
    const subscriber = connection.createSubscriber();
    const heard: string[] = [];
    subscriber.on('message', (_, message: string) => heard.push(message));
    await subscriber.subscribe(connection.key('news'));
    await observer.publish(connection.key('news'), 'one');
    await vi.waitUntil(() => heard.length === 1);
    const over = once(subscriber, 'end');
    await observer.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await over;
    await expect(subscriber.subscribe(connection.key('news'))).rejects.toThrow('closed');
  });

  describe('through a proxy', () => {
    let proxy: HoldingProxy;
    let connection: RedisConnection;
    beforeEach(async () => {
      proxy = await startHoldingProxy(server.url);
      connection = open(proxy.url);
      await connection.connect();
    });
    afterEach(() => {
      proxy.close();
    });

    it('sends what is asked in one turn as one command, and answers each call', async () => {
      await connection.run(echo, [], ['warm']);
      const before = proxy.received;
      const replies = Promise.all([
        connection.run(echo, [], ['one']),
        connection.run(push, ['list'], ['two']),
        connection.run(timeOf, [], []),
        connection.run(timeOf, [], []),
        connection.run(echo, ['a', 'b'], ['three', 'four']),
      ]);
      const [one, two, time, sameTime, three] = await replies;
      expect([one, two, three]).toEqual(['one', 1, 'three']);
      expect(sameTime).toBe(time);
      expect(Math.abs(Number(time) / 1000 - Date.now())).toBeLessThan(5_000);
      expect(proxy.received - before).toBe(1);
    });

    // Calls are held for 1 ms, and a turn of a busy machine can take longer.
    it(
      'sends what is asked while an answer is about to come together with what follows',
      { retry: 5 },
      async () => {
        await connection.run(echo, [], ['warm']);
        proxy.hold();
        const first = connection.run(echo, [], ['first']);
        await new Promise(setImmediate);
        const before = proxy.received;
        const held: Promise<unknown>[] = [];
        for (let turn = 0; turn < 3; turn += 1) {
          held.push(connection.run(echo, [], [String(turn)]));
          await new Promise(setImmediate);
        }
        proxy.release();
        expect(await first).toBe('first');
        expect(await Promise.all(held)).toEqual(['0', '1', '2']);
        expect(proxy.received - before).toBeLessThanOrEqual(2);
      },
    );

    it('fails the one call whose script fails, with the error', async () => {
      await observer.set('text', 'no list');
      const calls = [
        connection.run(push, ['text'], ['one']),
        connection.run(infinity, [], []),
        connection.run(push, ['list'], ['two']),
      ];
      const [refused, unwritable, done] = await Promise.allSettled(calls);
      // JSON has no such number.
      expect(unwritable).toMatchObject({
        status: 'rejected',
        reason: { name: 'RedisReplyError', code: 'ERR' },
      });
      expect(refused).toMatchObject({
        status: 'rejected',
        reason: { name: 'RedisReplyError', code: 'WRONGTYPE' },
      });
      expect(done).toMatchObject({ status: 'fulfilled', value: 1 });
    });

    it('fails each call that was under way when the connection is lost', async () => {
      proxy.hold();
      const calls = ['one', 'two'].map((text) => connection.run(echo, [], [text]));
      await new Promise(setImmediate);
      proxy.close();
      const outcomes = await Promise.allSettled(calls);
      expect(outcomes).toMatchObject([
        { reason: { name: 'NotConnectedError' } },
        { reason: { name: 'NotConnectedError' } },
      ]);
    });

    it('gives each call up at its own time, and takes the answers of the others', async () => {
      proxy.hold();
      const told: string[] = [];
      const callFor = (text: string, allowedMs: number): RedisCall => ({
        script: echo,
        keys: [],
        args: () => [text],
        giveUpMs: performance.now() + allowedMs,
        answered: (reply) => told.push(`answer ${String(reply)}`),
        failed: ({ name }) => told.push(`${name} ${text}`),
      });
      connection.call(callFor('late', 60));
      connection.call(callFor('soon', 20));
      connection.call(callFor('never', Infinity));
      await vi.waitUntil(() => told.length === 2);
      proxy.release();
      await vi.waitUntil(() => told.length === 3);
      expect(told).toEqual(['ReplyTimeoutError soon', 'ReplyTimeoutError late', 'answer never']);
    });

    it('answers more calls than are sent at once', async () => {
      const texts = Array.from({ length: 1_000 }, (_, index) => String(index));
      const replies = await Promise.all(texts.map((text) => connection.run(echo, [], [text])));
      expect(replies).toEqual(texts);
    });

    it('runs a script in one round trip, also the first of a connection', async () => {
      await observer.script('FLUSH');
      const before = proxy.received;
      await connection.run(echo, [], ['first']);
      await connection.run(echo, [], ['second']);
      expect(proxy.received - before).toBe(2);
    });

    it('has no call wait for the answer to another', async () => {
      await connection.run(echo, [], ['warm']);
      proxy.delay(50);
      const startedMs = performance.now();
      const first = connection.run(echo, [], ['ping']);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const second = connection.run(echo, [], ['ping']);
      await first;
      await second;
      // One after the other they would take twice 100 ms.
      expect(performance.now() - startedMs).toBeLessThan(190);
    });
  });
});

describeWithRedis('a Redis that wants a password', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis({ options: ['--requirepass', 'right-secret'] });
  });
  afterAll(() => server.close());

  it.each([
    ['none', '', 'NOAUTH'],
    ['a wrong one', ':wrong-secret@', 'WRONGPASS'],
    ['one of a user it does not know', 'ann:wrong-secret@', 'WRONGPASS'],
  ])('refuses %s, told by a code and without a secret', async (_, user, code) => {
    const refusal = await refusalOf(open(server.url.replace('://', `://${user}`)));
    expect(codeOf(refusal)).toBe(code);
    expect(`${refusal.message} ${(refusal.cause as Error).message}`).not.toMatch(/secret|ann/);
  });
});

describe('a server that is not a usable Redis', () => {
  let server: Server;
  let answer = '';
  beforeAll(async () => {
    server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      // Once for each command.
      socket.on('data', (chunk: Buffer) => {
        const commands = chunk.toString().match(/^\*/gm)?.length ?? 1;
        socket.write(answer.repeat(commands));
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.close();
  });
  const url = (protocol: string) => {
    const address = server.address();
    return `${protocol}://:hidden@127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  };

  it.each([
    ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'redis', 'PROTOCOL'],
    ['plain text where TLS is expected', '-ERR what\r\n', 'rediss', /SSL|EPROTO/],
    [
      'unknown commands, whose arguments it repeats',
      "-ERR unknown command 'HELLO', with args beginning with: 'hidden'\r\n",
      'redis',
      'ERR',
    ],
  ])('is told by a code of its own: %s', async (_, said, protocol, code) => {
    answer = said;
    const refusal = await refusalOf(open(url(protocol)));
    expect(codeOf(refusal)).toMatch(code);
    expect((refusal.cause as Error).message).not.toContain('hidden');
  });
});

describe('an address where there is nothing', () => {
  it.each([
    ['redis://127.0.0.1:1', 'ECONNREFUSED'],
    ['redis://no-such-host.invalid', /ENOTFOUND|EAI_AGAIN/],
  ])('is told by the code of the system: %s', async (url, code) => {
    expect(codeOf(await refusalOf(open(url)))).toMatch(code);
  });
});
