import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

import { startIssuer } from '../test/support/issuer.ts';

/**
 * CPU time of the gateway process for each request, as a multiple of a bare Node proxy's, measured
 * in turns within one run so that a busy machine slows both. Run it with `npm run bench`.
 */
const requestsPerTurn = Number(process.env['BENCH_REQUESTS'] ?? 8_000);
const turns = 5;
const connections = 32;
const users = 2_000;

const operations = {
  query: (id: number) => ({
    query:
      'query Read($id: ID!) { executionContext(id: $id) { __typename ... on AiExecutionContext { id sessionId context } ... on ExecutionContextError { code message } } }',
    variables: { id: `ctx_${id}` },
  }),
  update: (id: number) => ({
    query:
      'mutation Update($id: ID!, $input: UpdateExecutionContextInput!) { updateExecutionContext(id: $id, input: $input) { __typename ... on AiExecutionContext { id sessionId context } ... on ExecutionContextError { code message } } }',
    variables: {
      id: `ctx_${id}`,
      input: { context: { current_step: 'validation', progress: 90 }, sessionId: 'session_456' },
    },
  }),
};

const children: ChildProcess[] = [];

async function start(file: string, env: Record<string, string>): Promise<ChildProcess> {
  const isSource = file.endsWith('.ts');
  const child = fork(file, {
    env: { ...process.env, ...env },
    execArgv: isSource
      ? ['--import', 'tsx']
      : (process.env['BENCH_NODE_FLAGS'] ?? '').split(' ').filter(Boolean),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  children.push(child);
  if (isSource) await once(child, 'message');
  return child;
}

/** Milliseconds of CPU a process has used, from the kernel's count in hundredths of a second. */
function cpuMs({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function untilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const response = await fetch(`${url}/ready`).catch(() => null);
    if (response?.ok) return;
    await sleep(100);
  }
  throw new Error(`${url} did not become ready`);
}

/** Sends `count` requests over the fixed number of connections; returns µs of CPU for each. */
async function run(
  child: ChildProcess,
  url: string,
  tokens: readonly string[],
  make: (id: number) => object,
  count: number,
): Promise<number> {
  const pool = new Pool(url, { connections });
  const before = cpuMs(child);
  let next = 0;
  async function client(): Promise<void> {
    for (let i = next++; i < count; i = next++) {
      const { statusCode, body } = await pool.request({
        path: '/graphql',
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${tokens[i % tokens.length] ?? ''}`,
        },
        body: JSON.stringify(make(i % 1_000)),
      });
      const text = await body.text();
      if (statusCode !== 200 || text.includes('Error"')) throw new Error(text);
    }
  }
  await Promise.all(Array.from({ length: connections }, client));
  const used = cpuMs(child) - before;
  await pool.close();
  return (used * 1_000) / count;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

const issuer = await startIssuer();
try {
  const tokens = await Promise.all(
    Array.from({ length: users * 2 }, (_, i) =>
      issuer.token({
        sub: `user_${i}`,
        exp: Math.floor(Date.now() / 1000) + 3_600,
        organization_permissions: ['manage'],
      }),
    ),
  );
  await start('bench/stub-upstream.ts', { PORT: '4901' });
  const upstream = 'http://127.0.0.1:4901';
  const proxy = await start('bench/bare-proxy.ts', { PORT: '4902', UPSTREAM_URL: upstream });
  const gateway = await start('dist/main.js', {
    PORT: '4903',
    UPSTREAM_URL: upstream,
    UPSTREAM_API_KEY: 'bench-key',
    JWT_ISSUER: issuer.url,
    ADMIN_PERMISSION: 'manage',
    LOG_LEVEL: process.env['BENCH_LOG_LEVEL'] ?? 'info',
    NODE_ENV: 'production',
  });
  await untilReady('http://127.0.0.1:4903');

  const results: Record<string, number[]> = {};
  for (let turn = 0; turn <= turns; turn += 1) {
    for (const [name, make] of Object.entries(operations)) {
      const own = tokens.slice(...(name === 'query' ? [0, users] : [users, 2 * users]));
      const floor = await run(proxy, 'http://127.0.0.1:4902', own, make, requestsPerTurn);
      const cost = await run(gateway, 'http://127.0.0.1:4903', own, make, requestsPerTurn);
      // The first turn warms up.
      if (turn === 0) continue;
      (results[name] ??= []).push(cost / floor);
      console.log(
        `${name.padEnd(6)} gateway ${cost.toFixed(0)} µs, bare proxy ${floor.toFixed(0)} µs: ${(cost / floor).toFixed(2)}`,
      );
    }
  }
  for (const [name, ratios] of Object.entries(results)) {
    console.log(`${name}: ${median(ratios).toFixed(2)} times a bare proxy`);
  }
} finally {
  for (const child of children) child.kill();
  await issuer.close();
}
