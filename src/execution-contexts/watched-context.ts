import { hash, randomUUID } from 'node:crypto';

import { Departing } from '../engine/departing.ts';
import { NotFoundError, TypedError } from '../errors.ts';
import type { Behalf } from '../rest/request.ts';
import type { Election } from '../shared-state/election.ts';
import type { Events, TopicListener } from '../shared-state/events.ts';
import type { ExecutionContext, ExecutionContextStore } from './model.ts';
import { isRefusal } from './ownership.ts';
import { versionOf } from './version.ts';

/** One who watches a context. None of the calls may throw. */
export interface ContextWatcher {
  /** The context was read, after `join` was called. */
  show(context: ExecutionContext, version: string): void;
  /** The context is gone. Told to those alone who were shown it before. */
  gone(): void;
  /** There will be nothing more to show. Any other error than a typed one is a bug. */
  fail(error: unknown): void;
  /** Events of other replicas may have been missed. */
  lost(): void;
}

export interface WatchedContextOptions {
  readonly id: string;
  readonly store: ExecutionContextStore;
  readonly events: Events;
  /** Elects which replica polls. `null`, and where it fails: this one does. */
  readonly election: Election | null;
  /** Milliseconds between two polls; 0: none. */
  readonly pollMs: number;
  /**
   * On whose behalf to read, where it is that of one caller alone, whose answers say nothing for
   * another's. `null`: the gateway's own, for all who watch.
   */
  readonly behalf: Behalf | null;
  /** The API has said that the context is gone, or not for who reads it. */
  readonly onRefused: () => void;
  /** The last watcher has left. */
  readonly onUnwatched: () => void;
}

/** What replicas tell each other of a context: never its state. */
export const changed = 'changed';
export const deleted = 'deleted';
/** Of what a poll has found, so that nobody has to read who has that version. */
const versionPrefix = 'version ';

/** Failed reads in a row that end the streams. */
const maxFailures = 3;
/** Where there are no polls, a failed read is repeated after this long. */
const repeatMs = 1_000;

/**
 * One context that is watched: reads it, when an event says that it may have changed and by polling,
 * one read at a time, so that its states are shown in the order in which they were stored.
 */
export class WatchedContext implements TopicListener {
  readonly #options: WatchedContextOptions;
  /** By the first read whose answer concerns the watcher: the first one that begins after it came. */
  readonly #watchers = new Map<ContextWatcher, number>();
  readonly #shown = new Set<ContextWatcher>();
  readonly #subscribed: Promise<void>;
  /** Tells the read that is under way that nobody wants it any more. */
  readonly #departure = new Departing();
  #timer: NodeJS.Timeout | undefined;
  /** How many reads have begun. */
  #reads = 0;
  #isReading = false;
  /** Something has happened since the read that is under way began. */
  #isStale = false;
  /** The read that is under way, or to come, is for more than somebody's first state. */
  #isUpdate = false;
  #failures = 0;
  /** A digest of what was read last, which tells at little cost that the version is the same. */
  #fingerprint = '';
  #version = '';
  /** Of what was read last; undefined where nothing was. */
  #ownerId: string | null | undefined;
  /** What other replicas were told last, or said themselves. */
  #toldVersion = '';
  #isPolling = false;

  get id(): string {
    return this.#options.id;
  }

  constructor(options: WatchedContextOptions) {
    this.#options = options;
    const { events, id, pollMs } = options;
    this.#subscribed = events.subscribe(id, this);
    // What came together should not be polled together.
    if (pollMs > 0) this.#schedule(pollMs * (0.5 + Math.random() / 2));
  }

  /** @throws {EventsUnavailableError} (rejecting); the watcher then has to leave. */
  async join(watcher: ContextWatcher): Promise<void> {
    this.#watchers.set(watcher, Infinity);
    await this.#subscribed;
    if (!this.#watchers.has(watcher)) return;
    this.#watchers.set(watcher, this.#reads + 1);
    this.#read();
  }

  leave(watcher: ContextWatcher): void {
    this.#shown.delete(watcher);
    if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
    const { events, election, id, onUnwatched } = this.#options;
    clearTimeout(this.#timer);
    events.unsubscribe(id, this);
    if (this.#isPolling) election?.release(electionOf(id));
    this.#departure.depart();
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
    // Each of them leaves while it is told.
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

  /** Rejects for whatever a store throws, at once or not. */
  async #fetch(): Promise<ExecutionContext> {
    const { id, store, behalf } = this.#options;
    return store.fetch(id, behalf ?? this.#ownBehalf(), store.deadline());
  }

  /** The API is asked for all who watch, so for none of their requests. */
  #ownBehalf(): Behalf {
    return {
      requestId: randomUUID(),
      trace: undefined,
      span: null,
      departure: this.#departure,
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
   * Who polls for all replicas tells them what they have not heard of. Of another owner they have to
   * hear though the version be the same: streams may have to end.
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
    // What one caller is told of a context says nothing for others.
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
      // Where nobody can be elected, each replica polls by itself, as without Redis.
      const takenForMs =
        election === null ? 0 : await election.acquire(electionOf(id), 2 * pollMs).catch(() => 0);
      if (this.#watchers.size === 0) {
        if (takenForMs === 0) election?.release(electionOf(id));
        return;
      }
      this.#isPolling = takenForMs === 0;
      // A replica that is lost is replaced as soon as its term ends.
      if (takenForMs > 0 && takenForMs < pollMs) this.#schedule(takenForMs + 1);
    }
    if (this.#isPolling || isDue) this.#update();
  }
}

function electionOf(id: string): string {
  return `poll:${id}`;
}
