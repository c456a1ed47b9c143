/** A subscriber to a topic. */
export interface TopicListener {
  /** Called with each message that is published on the topic. */
  received(message: string): void;
  /** Called when the connection was lost: messages may have been missed, and no more will arrive. */
  lost(): void;
}

/** Messages between replicas. None is stored: a replica that is not subscribed misses it. */
export interface Events {
  /** Whether a subscription can be made now. */
  readonly usable: boolean;
  /**
   * Sends a message to all subscribers to `topic` on any replica, this one included, as far as they
   * can be reached. Waits for nothing and never throws.
   */
  publish(topic: string, message: string): void;
  /**
   * Resolves once every message that is published from then on will be received, in the order in
   * which it was published.
   *
   * @throws {EventsUnavailableError} (rejecting) Where there is no connection, or it is lost
   *   meanwhile; `lost` of the listener may then be called, too.
   */
  subscribe(topic: string, listener: TopicListener): Promise<void>;
  unsubscribe(topic: string, listener: TopicListener): void;
}

/** Events of other replicas cannot be received, because Redis is not reachable or refuses them. */
export class EventsUnavailableError extends Error {
  constructor(cause: unknown) {
    super('Redis is not reachable, so events of other replicas would be missed.', { cause });
    this.name = 'EventsUnavailableError';
  }
}

/** The listeners by topic. */
export class Topics {
  readonly #listeners = new Map<string, Set<TopicListener>>();

  add(topic: string, listener: TopicListener): void {
    const listeners = this.#listeners.get(topic);
    if (listeners === undefined) this.#listeners.set(topic, new Set([listener]));
    else listeners.add(listener);
  }

  /** @returns Whether it was the last listener of the topic. */
  remove(topic: string, listener: TopicListener): boolean {
    const listeners = this.#listeners.get(topic);
    if (listeners?.delete(listener) !== true || listeners.size > 0) return false;
    return this.#listeners.delete(topic);
  }

  /** Calls each listener of the topic. */
  deliver(topic: string, message: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener.received(message);
  }

  /** Removes all listeners, and calls `lost` of each. */
  lose(): void {
    const lost = [...this.#listeners.values()];
    this.#listeners.clear();
    for (const listeners of lost) for (const listener of listeners) listener.lost();
  }
}

/** Events of this process alone: they are received before `publish` returns. */
export function createMemoryEvents(): Events {
  const topics = new Topics();
  return {
    usable: true,
    publish(topic, message) {
      topics.deliver(topic, message);
    },
    async subscribe(topic, listener) {
      topics.add(topic, listener);
    },
    unsubscribe(topic, listener) {
      topics.remove(topic, listener);
    },
  };
}
