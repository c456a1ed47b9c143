import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Cores } from './cores.ts';
import { freePort, untilEnded, type Processes } from './processes.ts';
import type { Question, Report } from './servers/probe.ts';
import { serverProgram, type Side } from './sides.ts';

/** A side's program, alone on its core, with the probe in it. */
export interface MeasuredProcess {
  readonly side: Side;
  readonly url: string;
  readonly running: boolean;
  /** What it has used and made since it started. */
  ask(question: Question): Promise<Report>;
  stop(): Promise<void>;
}

export interface LaunchOptions {
  readonly processes: Processes;
  readonly cores: Cores;
  readonly env: Readonly<Record<string, string>>;
  /** Whether the probe is loaded; without it, `ask` rejects. */
  readonly probe: boolean;
}

export async function launch(
  side: Side,
  { processes, cores, env, probe }: LaunchOptions,
): Promise<MeasuredProcess> {
  const port = await freePort();
  const ahead = probe ? ['--import', serverProgram('probe')] : [];
  const child = processes.start(process.execPath, [...ahead, side.program], {
    env: { NODE_ENV: 'production', PORT: String(port), ...env },
    cores: cores.measured,
    channel: probe,
  });
  // Whoever waits for it next is told.
  const ended = untilEnded(child, side.name);
  ended.catch(() => undefined);
  return {
    side,
    url: `http://127.0.0.1:${port}`,
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
    ask: (question) => Promise.race([answerTo(question, child), ended]),
    stop: () => processes.stop(child),
  };
}

async function answerTo(question: Question, child: ChildProcess): Promise<Report> {
  const answered = once(child, 'message', { signal: AbortSignal.timeout(20_000) });
  child.send(question);
  const [report] = (await answered) as [Report];
  return report;
}

/**
 * Repeats `attempt` until it succeeds.
 *
 * @param isHopeful - Whether another attempt can succeed.
 * @throws the last error after 20 s, or where there is no hope.
 */
export async function eventually<T>(
  attempt: () => Promise<T>,
  isHopeful: () => boolean = () => true,
): Promise<T> {
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > until || !isHopeful()) throw error;
      await sleep(2);
    }
  }
}
