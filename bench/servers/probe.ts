/**
 * Loaded before a measured program (`node --import`): it answers what the bench asks over the channel
 * between the processes, and costs nothing between two questions.
 */
import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { promiseHooks } from 'node:v8';

/** A question of the bench; the answer to the last has a file's path. */
export type Question =
  | { readonly ask: 'usage' | 'promises' | 'start-profile' }
  | { readonly ask: 'stop-profile'; readonly file: string };

/** What the process has used and made since it started. */
export interface Report {
  /** Microseconds of CPU, of all threads. */
  readonly userUs: number;
  readonly systemUs: number;
  readonly rssBytes: number;
  /** Counted only where `BENCH_COUNT_PROMISES` is set, since counting has its price. */
  readonly promises: number;
}

let promises = 0;
if (process.env['BENCH_COUNT_PROMISES'] === '1') {
  promiseHooks.onInit(() => {
    promises += 1;
  });
}

function report(): Report {
  const { user, system } = process.cpuUsage();
  return { userUs: user, systemUs: system, rssBytes: process.memoryUsage.rss(), promises };
}

let session: Session | undefined;

async function startProfile(): Promise<void> {
  session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
}

async function stopProfile(file: string): Promise<void> {
  const { profile } = (await session?.post('Profiler.stop')) ?? {};
  session?.disconnect();
  await writeFile(file, JSON.stringify(profile));
}

process.on('message', (question: Question) => {
  const answered =
    question.ask === 'start-profile'
      ? startProfile()
      : question.ask === 'stop-profile'
        ? stopProfile(question.file)
        : undefined;
  if (answered === undefined) process.send?.(report());
  else void answered.then(() => process.send?.(report()));
});
// The channel must not keep the program alive; where the bench is gone, nobody needs the program.
process.channel?.unref();
process.on('disconnect', () => process.exit());
