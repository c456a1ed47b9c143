import { performance } from 'node:perf_hooks';

/** A time in which the event loop did not turn. Times are of {@link wallMs}. */
export interface Stall {
  readonly fromMs: number;
  readonly toMs: number;
  /** How much of it counts, in milliseconds. */
  readonly lostMs: number;
}

export interface StallMeter {
  /** All since the start, oldest first; one that is going on is among them. */
  stalls(): readonly Stall[];
  stop(): void;
}

export interface StallMeterOptions {
  /**
   * Leaves out what the process spent computing, so that only what others took from it counts.
   *
   * @default false
   */
  readonly starvedOnly?: boolean;
}

/** Milliseconds since the epoch on a clock that never jumps, and that all processes share. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

const periodMs = 10;

/**
 * Measures how long this process is kept from working. On a machine with much else to do, a promise
 * about time can only be held to what is left of it.
 */
export function startStallMeter({ starvedOnly = false }: StallMeterOptions = {}): StallMeter {
  const seen: Stall[] = [];
  let lastMs = wallMs();
  let lastCpu = process.cpuUsage();

  function look(): void {
    const nowMs = wallMs();
    const { user, system } = process.cpuUsage(lastCpu);
    const lateMs = nowMs - lastMs - periodMs;
    const lostMs = starvedOnly ? lateMs - (user + system) / 1_000 : lateMs;
    if (lostMs > periodMs) seen.push({ fromMs: lastMs, toMs: nowMs, lostMs });
    lastMs = nowMs;
    lastCpu = process.cpuUsage();
  }

  const timer = setInterval(look, periodMs).unref();
  return {
    stalls() {
      look();
      return seen;
    },
    stop() {
      clearInterval(timer);
    },
  };
}

/** How much of a time was lost to stalls, in milliseconds, at most. */
export function stalledMs(stalls: readonly Stall[], fromMs: number, toMs: number): number {
  return stalls
    .filter((stall) => stall.toMs > fromMs && stall.fromMs < toMs)
    .reduce((sum, { lostMs }) => sum + lostMs, 0);
}
