import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

import type { Cores } from './cores.ts';

/** What the numbers depend on, as lines of a list. */
export function describeMachine({ measured, others }: Cores): string[] {
  const all = cpus();
  const memory = (totalmem() / 1e9).toFixed(0);
  return [
    `${all.length} cores (${all[0]?.model.trim() ?? 'unknown'}), ${memory} GB, Linux ${release()}`,
    measured === null
      ? 'Nothing was pinned: there is one core, or no taskset'
      : `The measured process alone on core ${measured}; load, upstream and Redis on ${String(others)}`,
    `Node ${process.versions.node}, V8 ${process.versions.v8}`,
    `The gateway: ${revision()}, ${versions('..', ['graphql', 'graphql-yoga', 'undici', 'ioredis'])}`,
    `The others: ${versions('.', ['@apollo/server', '@apollo/datasource-rest', 'mercurius', 'fastify', 'graphql-yoga', 'graphql', 'undici'])}`,
  ];
}

function revision(): string {
  const git = (...args: string[]) => {
    const { error, stdout } = spawnSync('git', args, { encoding: 'utf8' });
    return error === undefined ? stdout.trim() : '';
  };
  const commit = git('rev-parse', '--short', 'HEAD');
  if (commit === '') return 'no commit';
  return git('status', '--porcelain', '--', 'src') === '' ? commit : `${commit} with changes`;
}

function versions(folder: string, names: readonly string[]): string {
  return names
    .map((name) => {
      const file = new URL(`${folder}/node_modules/${name}/package.json`, import.meta.url);
      const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
      return `${name} ${version}`;
    })
    .join(', ');
}
