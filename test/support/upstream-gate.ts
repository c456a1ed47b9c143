import { passThrough } from './upstream-faults.ts';
import type { Answer } from './upstream-exchange.ts';

/** Holds requests back until the test lets them go on. */
export interface Gate {
  /** Waits at the gate, then answers. */
  hold(answer?: Answer): Answer;
  /** Lets everything through, from now on. */
  open(): void;
  /** Resolves once `count` requests have reached the gate. */
  reached(count: number): Promise<void>;
}

export function createGate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  const watchers = new Map<number, () => void>();
  let arrivals = 0;
  return {
    hold:
      (answer = passThrough()) =>
      async (exchange) => {
        arrivals += 1;
        watchers.get(arrivals)?.();
        await opened;
        if (!exchange.gone.aborted) await answer(exchange);
      },
    open,
    reached(count) {
      if (arrivals >= count) return Promise.resolve();
      return new Promise((resolve) => watchers.set(count, resolve));
    },
  };
}
