import { hash, randomUUID } from 'node:crypto';

import { CancellationSource } from '../cancellation.ts';
import { NotFoundError, TypedError } from '../errors.ts';
import type { Behalf } from '../rest/request.ts';
import type { Election } from '../shared-state/election.ts';
import type { Events, TopicListener } from '../shared-state/events.ts';
import type { ExecutionContext, ExecutionContextStore } from './model.ts';
import { isRefusal } from './ownership.ts';
import { versionOf } from './version.ts';

/** Watches a context. None of the methods may throw. */
export interface ContextWatcher {
  /** Called with each state that was read since `join`. */
  show(context: ExecutionContext, version: string): void;
  /** Called when the context was deleted, if it was shown to this watcher before. */
  gone(): void;
  /** Called with the error that ends the watch. An error that is not a {@link TypedError} is a bug. */
  fail(error: unknown): void;
  /** Called when events of other replicas may have been missed. */
  lost(): void;
}

export interface WatchedContextOptions {
  readonly id: string;
  readonly store: ExecutionContextStore;
  readonly events: Events;
  /** Elects which replica polls. Where it is `null` or fails, this replica polls. */
  readonly election: Election | null;
  /** Milliseconds between two polls; 0 disables polling. */
  readonly pollMs: number;
  /**
   * The caller on whose behalf the context is read, where the API decides for each caller. `null`: the
   * gateway reads on its own behalf, for all watchers.
   */
  readonly behalf: Behalf | null;
  /** Called when the API answers that the context does not exist, or must not be read. */
  readonly onRefused: () => void;
  /** Called when the last watcher has left. */
  readonly onUnwatched: () => void;
}

/** The events between replicas. They never carry the state. */
export const changed = 'changed';
export const deleted = 'deleted';
/** Precedes the version that a poll found: a replica that has that version need not read. */
const versionPrefix = 'version ';

/** How many failed reads in a row end the streams. */
const maxFailures = 3;
/** The delay before a failed read is repeated where polling is disabled, in milliseconds. */
const repeatMs = 1_000;

/**
 * A context that is watched. It is read by polling, and when an event tells that it may have changed;
 * one read at a time, so that states are shown in the order in which they were stored.
 */
export class WatchedContext implements TopicListener {
  readonly #options: WatchedContextOptions;
  /** For each watcher the number of the first read that concerns it: the first one after it joined. */
  readonly #watchers = new Map<ContextWatcher, number>();
  /** The watchers that were shown a state. */
  readonly #shown = new Set<ContextWatcher>();
  readonly #subscribed: Promise<void>;
  /** Cancels the current read when the last watcher leaves. */
  readonly #cancellation = new CancellationSource();
  #timer: NodeJS.Timeout | undefined;
  /** How many reads have been started. */
  #reads = 0;
  #isReading = false;
  /** Whether an event arrived after the current read started, so that its result may be outdated. */
  #isStale = false;
  /** Whether the next read is for an event or a poll, and not only for the first state of a watcher. */
  #isUpdate = false;
  #failures = 0;
  /** A digest of the last state: where it is unchanged, so is the version, which costs more. */
  #fingerprint = '';
  #version = '';
  /** The owner in the last state; undefined before the first read. */
  #ownerId: string | null | undefined;
  /** The version in the last event, whether sent or received. */
  #toldVersion = '';
  /** Whether this replica polls for all replicas. */
  #isPolling = false;

  get id(): string {
    return this.#options.id;
  }

  constructor(options: WatchedContextOptions) {
    this.#options = options;
    const { events, id, pollMs } = options;
    this.#subscribed = events.subscribe(id, this);
    // A random delay, so that contexts watched at the same time are not polled at the same time.
    if (pollMs > 0) this.#schedule(pollMs * (0.5 + Math.random() / 2));
  }

  /**
   * Adds a watcher, and reads the current state for it.
   *
   * @throws {EventsUnavailableError} (rejecting) The watcher then has to leave.
   */
  async join(watcher: ContextWatcher): Promise<void> {
    this.#watchers.set(watcher, Infinity);
    await this.#subscribed;
    if (!this.#watchers.has(watcher)) return;
    this.#watchers.set(watcher, this.#reads + 1);
    this.#read();
  }

  /** Removes a watcher. */
  leave(watcher: ContextWatcher): void {
    this.#shown.delete(watcher);
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
    const { events, election, id, onUnwatched } = this.#options;
    clearTimeout(this.#timer);
    events.unsubscribe(id, this);
    if (this.#isPolling) election?.release(electionOf(id));
    this.#cancellation.cancel();
    onUnwatched();
  }

  received(message: string): void {
    if (message === deleted && this.#options.behalf === null) {
      for (const watcher of [...this.#shown]) watcher.gone();
    }
    if (message.startsWith(versionPrefix)) {
      this.#toldVersion = message.slice(versionPrefix.length);
      if (this.#toldVersion === this.#version && !this.#isReading) return;
    }
    this.#update();
  }

  lost(): void {
    // A copy, because watchers leave while they are called.
    for (const watcher of [...this.#watchers.keys()]) watcher.lost();
  }

  #update(): void {
    this.#isUpdate = true;
    this.#read();
  }

  #read(): void {
    if (this.#watchers.size === 0) return;
    if (this.#isReading) {
      this.#isStale = true;
      return;
    }
    this.#isReading = true;
    this.#isStale = false;
    const read = (this.#reads += 1);
    const isUpdate = this.#isUpdate;
    this.#isUpdate = false;
    this.#fetch().then(
      (context) => {
        this.#succeed(read, context);
      },
      (error: unknown) => {
        this.#fail(read, error, isUpdate);
      },
    );
  }

  /** Async, so that a store that throws synchronously rejects as well. */
  async #fetch(): Promise<ExecutionContext> {
    const { id, store, behalf } = this.#options;
    return store.fetch(id, behalf ?? this.#ownBehalf(), store.deadline());
  }

  /** A read for all watchers belongs to none of their requests. */
  #ownBehalf(): Behalf {
    return {
      requestId: randomUUID(),
      trace: undefined,
      span: null,
      departure: this.#cancellation,
      revealToken: () => null,
    };
  }

  #succeed(read: number, context: ExecutionContext): void {
    this.#failures = 0;
    this.#digest(context);
    this.#announce(context.userId ?? null);
    for (const [watcher, first] of this.#watchers) {
      if (first > read) continue;
      this.#shown.add(watcher);
      watcher.show(context, this.#version);
    }
    this.#conclude();
  }

  #digest(context: ExecutionContext): void {
    const text = `${JSON.stringify(context.sessionId)}${context.context?.text ?? ''}`;
    const fingerprint = hash('sha1', text, 'base64');
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    this.#version = versionOf(context);
  }

  /**
   * Where this replica polls for all, tells the others of a new version. A new owner is told even if the
   * version is the same, because streams may have to end.
   */
  #announce(ownerId: string | null): void {
    const { events, election, id } = this.#options;
    const isTransferred = this.#ownerId !== undefined && this.#ownerId !== ownerId;
    this.#ownerId = ownerId;
    if (election === null || !this.#isPolling) return;
    if (isTransferred) events.publish(id, changed);
    else if (this.#version !== this.#toldVersion) {
      this.#toldVersion = this.#version;
      events.publish(id, versionPrefix + this.#version);
    }
  }

  #fail(read: number, error: unknown, isUpdate: boolean): void {
    const typed = error instanceof TypedError ? error : null;
    const { events, behalf, id, onRefused } = this.#options;
    if (isUpdate) this.#failures += 1;
    const isGone = typed instanceof NotFoundError;
    const isRefused = isRefusal(error);
    if (isRefused) onRefused();
    const isFinal = isRefused || typed === null || this.#failures >= maxFailures;
    for (const [watcher, first] of [...this.#watchers]) {
      if (first > read) continue;
      const wasShown = this.#shown.has(watcher);
      if (wasShown && isGone) watcher.gone();
      else if (!wasShown || isFinal) watcher.fail(error);
    }
    // A response to one caller says nothing about other callers.
    if (isGone && behalf === null) events.publish(id, deleted);
    this.#conclude();
    if (!isFinal && this.#watchers.size > 0 && !this.#isReading) {
      this.#isUpdate = true;
      this.#schedule(this.#options.pollMs || repeatMs);
    }
  }

  #conclude(): void {
    this.#isReading = false;
    if (this.#isStale) this.#read();
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), ms);
    this.#timer.unref();
  }

  async #poll(): Promise<void> {
    const { pollMs, election, id } = this.#options;
    const isDue = this.#isUpdate;
    if (pollMs > 0) {
      this.#schedule(pollMs);
      // Where the election fails, each replica polls for itself, as without Redis.
      const takenForMs =
        election === null ? 0 : await election.acquire(electionOf(id), 2 * pollMs).catch(() => 0);
      if (this.#watchers.size === 0) {
        if (takenForMs === 0) election?.release(electionOf(id));
        return;
      }
      this.#isPolling = takenForMs === 0;
      // If that replica is lost, another may be elected as soon as its term ends.
      if (takenForMs > 0 && takenForMs < pollMs) this.#schedule(takenForMs + 1);
    }
    if (this.#isPolling || isDue) this.#update();
  }
}

function electionOf(id: string): string {
  return `poll:${id}`;
}
