import type { Redis } from 'ioredis';

import { EventsUnavailableError, Topics, type Events } from './events.ts';
import type { RedisConnection } from './redis-connection.ts';
import { explain, RedisReplyError } from './redis-failure.ts';
import { defineScript } from './redis-program.ts';

/** `ARGV`: the channel and the message. */
export const publishScript = defineScript(`return redis.call('PUBLISH', ARGV[1], ARGV[2])`);

export interface RedisEventsOptions {
  readonly connection: RedisConnection;
  /**
   * Called with the cause when Redis refused to publish or to subscribe, and with `null` when a
   * subscription succeeded.
   *
   * @default no call
   */
  readonly onRefusal?: ((cause: RedisReplyError | null) => void) | undefined;
}

/**
 * Events by Redis' publish and subscribe. Each topic has its own channel, so that a replica receives
 * only what it is subscribed to. The connection for it is opened with the first subscription.
 */
export function createRedisEvents({
  connection,
  onRefusal = () => undefined,
}: RedisEventsOptions): Events {
  const topics = new Topics();
  /** The subscription of each topic, for listeners that join before Redis has confirmed it. */
  const subscriptions = new Map<string, Promise<unknown>>();
  const prefix = connection.key('events:');
  let opening: Promise<Redis> | null = null;

  /** Opens a connection that is used until it is lost. Its listeners are told of the loss. */
  async function open(): Promise<Redis> {
    const subscriber = connection.createSubscriber();
    subscriber.on('message', (channel, message) => {
      topics.deliver(channel.slice(prefix.length), message);
    });
    subscriber.once('close', () => {
      opening = null;
      subscriptions.clear();
      topics.lose();
    });
    try {
      await subscriber.connect();
      return subscriber;
    } catch (error) {
      throw new EventsUnavailableError(error);
    }
  }

  async function subscribe(topic: string): Promise<void> {
    const subscriber = await (opening ??= open());
    await subscriber.subscribe(prefix + topic);
  }

  return {
    get usable() {
      return connection.usable;
    },
    publish(topic, message) {
      connection.post(publishScript, [], [prefix + topic, message], (error) => {
        if (error instanceof RedisReplyError) onRefusal(error);
        // The listeners of this replica can be reached all the same.
        topics.deliver(topic, message);
      });
    },
    async subscribe(topic, listener) {
      topics.add(topic, listener);
      let subscription = subscriptions.get(topic);
      if (subscription === undefined) {
        subscription = subscribe(topic);
        subscriptions.set(topic, subscription);
      }
      try {
        await subscription;
        onRefusal(null);
      } catch (error) {
        const cause = explain(error);
        if (cause instanceof RedisReplyError) onRefusal(cause);
        topics.remove(topic, listener);
        if (subscriptions.get(topic) === subscription) subscriptions.delete(topic);
        throw error instanceof EventsUnavailableError ? error : new EventsUnavailableError(cause);
      }
    },
    unsubscribe(topic, listener) {
      if (!topics.remove(topic, listener)) return;
      subscriptions.delete(topic);
      // Redis keeps the order of commands: the next subscription to the topic takes effect after this.
      opening?.then((subscriber) => subscriber.unsubscribe(prefix + topic)).catch(() => undefined);
    },
  };
}
