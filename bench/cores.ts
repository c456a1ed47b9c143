import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The cores that the bench may use, as `taskset` takes them. */
export interface Cores {
  /** Of the measured process alone; `null`: not pinned. */
  readonly measured: string | null;
  /** Of load, upstream and Redis. */
  readonly others: string | null;
}

/**
 * The last core for what is measured, the rest for everything else. Nothing is pinned where there is
 * only one, or no `taskset`.
 */
export function divideCores(): Cores {
  const cores = allowedCores();
  const measured = cores.pop();
  if (measured === undefined || cores.length === 0 || !hasProgram('taskset')) {
    return { measured: null, others: null };
  }
  return { measured, others: cores.join(',') };
}

/** Pins this process, all its threads, and those it starts from now on. */
export function pinSelf({ others }: Cores): void {
  if (others === null) return;
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', others, String(process.pid)]);
}

export function hasProgram(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
}

function allowedCores(): string[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
    return list.split(',').flatMap((range) => {
      const [from = NaN, to = from] = range.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
    });
  } catch {
    return [];
  }
}
