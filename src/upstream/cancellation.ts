/**
 * The part of an `AbortSignal` that an exchange needs. Every AbortSignal is one; whoever makes one
 * for each request can do with less, as a real one costs more than a small operation's parsing.
 */
export interface Cancellation {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
