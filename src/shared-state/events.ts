/** Who is told what is published on a topic. */
export interface TopicListener {
  received(message: string): void;
  /** The connection was lost: messages may have been missed, and no more will come. */
  lost(): void;
}

/** What replicas tell each other. Nothing is kept: who was not subscribed has missed it. */
export interface Events {
  /** Whether subscribing can work at this moment. */
  readonly usable: boolean;
  /**
   * Tells all who are subscribed to `topic` on any replica, this one included, as far as they can be
   * reached. Waits for nothing and never throws.
   */
  publish(topic: string, message: string): void;
  /**
   * Resolves once everything that is published from now on will be heard, in the order in which it
   * was published.
   *
   * @throws {EventsUnavailableError} (rejecting) Where there is no connection, or it is lost
   *   meanwhile; the listener may be told of that, too.
   */
  subscribe(topic: string, listener: TopicListener): Promise<void>;
  unsubscribe(topic: string, listener: TopicListener): void;
}

/** What replicas share cannot be reached. */
export class EventsUnavailableError extends Error {
  constructor(cause: unknown) {
    super('Redis is not reachable, so events of other replicas would be missed.', { cause });
    this.name = 'EventsUnavailableError';
  }
}

/** The listeners of each topic that has some. */
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

  deliver(topic: string, message: string): void {
    for (const listener of this.#listeners.get(topic) ?? []) listener.received(message);
  }

  /** Forgets all listeners, and tells them so. */
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
