import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { casesOf } from './compare.ts';
import { measureSlice, warmUp } from './slices.ts';
import type { Testbed } from './testbed.ts';

const folder = fileURLToPath(new URL('dist/profiles', import.meta.url));
const topFunctions = 40;

/** Writes a CPU profile of each side for each case, and prints where its time goes. */
export async function profile(testbed: Testbed): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { rounds, sliceMs } = testbed.options;
  for (const side of testbed.sides) {
    for (const asked of casesOf(testbed.options)) {
      const measured = await testbed.startSide(side);
      await warmUp(testbed, measured, asked);
      const milliseconds = rounds * sliceMs;
      await measureSlice(testbed, measured, asked, { milliseconds: milliseconds / 2 });
      await measured.ask({ ask: 'start-profile' });
      const slice = await measureSlice(testbed, measured, asked, { milliseconds });
      const file = `${folder}/${side.name}-${asked.title.replaceAll(' ', '-')}.cpuprofile`;
      await measured.ask({ ask: 'stop-profile', file });
      await measured.stop();

      const cpuUs = slice.userUs + slice.systemUs;
      console.log(
        `\n${side.name}, ${asked.title}: ${cpuUs.toFixed(0)} µs a request while profiled`,
      );
      console.log(summary(JSON.parse(await readFile(file, 'utf8')) as CpuProfile));
      console.log(`  ${file}`);
    }
  }
}

/** The parts that are read here of a `.cpuprofile`. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly children?: readonly number[];
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
  /** The node that each sample was in, and microseconds since the sample before. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/**
 * Self time by group and by function, as percentages of the time that was neither idle nor the
 * profiler's own. What is written in C++ counts for the group that called it.
 */
function summary({ nodes, samples, timeDeltas }: CpuProfile): string {
  const selfUs = new Map<number, number>();
  samples.forEach((id, index) => {
    selfUs.set(id, (selfUs.get(id) ?? 0) + (timeDeltas[index] ?? 0));
  });
  // Parents come before their children.
  const groupOfParent = new Map<number, string>();
  const groups = new Map<string, number>();
  const functions = new Map<string, number>();
  let total = 0;
  for (const { id, children = [], callFrame } of nodes) {
    const { functionName, url, lineNumber } = callFrame;
    const group = groupOf(functionName, url) ?? groupOfParent.get(id) ?? 'V8 and system';
    for (const child of children) groupOfParent.set(child, group);
    const us = selfUs.get(id) ?? 0;
    if (us === 0 || functionName === '(idle)' || group === profiler) continue;
    total += us;
    groups.set(group, (groups.get(group) ?? 0) + us);
    const place = url === '' ? '' : ` ${shortened(url)}:${lineNumber + 1}`;
    const name = `${group}: ${functionName || '(anonymous)'}${place}`;
    functions.set(name, (functions.get(name) ?? 0) + us);
  }
  const lines = (times: ReadonlyMap<string, number>) =>
    [...times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, topFunctions)
      .map(([name, us]) => `  ${((100 * us) / total).toFixed(1).padStart(5)} %  ${name}`);
  return [...lines(groups), '', ...lines(functions)].join('\n');
}

const profiler = 'profiler';

/** Node itself, a package or a room of the gateway's; `null` for what has no source in JavaScript. */
function groupOf(functionName: string, url: string): string | null {
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (url.startsWith('node:inspector')) return profiler;
  if (url.startsWith('node:')) return 'Node';
  const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (name !== undefined) return name;
  const room = /\/dist\/([^/]+)/.exec(url)?.[1];
  if (room !== undefined) return `ours, ${room.replace(/\.js$/, '')}`;
  // Such as undici's parser.
  return url.startsWith('wasm:') ? 'WebAssembly' : null;
}

function shortened(url: string): string {
  return url.replace(/^.*\/(?:node_modules|dist)\//, '');
}
