import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startApplication, type Application } from '../../src/application.ts';
import { readConfig } from '../../src/config.ts';
import { mintSandboxToken, startSandbox } from '../../src/sandbox/index.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createAgent } from './agent.ts';

const usage = `Usage: npm run example [-- --built]

Starts the gateway with its sandbox, an agent that writes to the sandbox's REST API directly, and a
page that shows the agent's run. Served by Vite as it is developed; with --built, as it is deployed.

  PORT       where the gateway listens (4000)
  PAGE_PORT  where the page is served (5173)
`;

const folder = fileURLToPath(new URL('.', import.meta.url));
const vite = 'node_modules/vite/bin/vite.js';
/** How long a piece of the agent's work takes, in milliseconds. */
const workMs = 1_400;

const args = process.argv.slice(2);
if (args.some((arg) => arg !== '--built')) {
  process.stderr.write(usage);
  process.exit(1);
}
const isBuilt = args.includes('--built');
const pagePort = process.env['PAGE_PORT'] ?? '5173';
const pageUrl = `http://127.0.0.1:${pagePort}`;

if (!existsSync(`${folder}node_modules/.package-lock.json`)) {
  console.log('Installing what the page needs (once) …');
  runToEnd('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
if (isBuilt) runToEnd(process.execPath, [vite, 'build', '--logLevel', 'warn']);

const logger = createLogger({ level: 'warn' });
const sandbox = await startSandbox();
const token = await mintSandboxToken('alice');
const agent = createAgent({ apiUrl: sandbox.url, token, contextId: 'ctx_123' });

function startGateway(port: string): Promise<Application> {
  const config = readConfig({
    PORT: port,
    CORS_ORIGINS: [pageUrl, pageUrl.replace('127.0.0.1', 'localhost')].join(),
    // The agent's writes are seen this soon.
    LIVE_POLL_MS: '500',
    SHUTDOWN_DRAIN_MS: '0',
  });
  return startApplication({ config, logger, sandboxUrl: sandbox.url });
}

let gateway: Application | null = await startGateway(process.env['PORT'] ?? '4000').catch(
  async (error: unknown) => {
    await sandbox.close();
    throw error;
  },
);
const gatewayUrl = gateway.url;
let working: NodeJS.Timeout | undefined;
/** Stops and starts of the gateway come one after the other. */
let switching = Promise.resolve();
let isEnding = false;

const page = servePage();
page.on('exit', () => {
  if (!isEnding) console.error('The page is not served any more: is PAGE_PORT taken?');
  void end(1);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end(0));

if (await pageAnswers()) {
  working = setInterval(() => {
    agent.work().catch((error: unknown) => {
      console.error(`The agent: ${String(error)}`);
    });
  }, workMs);
  createInterface(process.stdin).on('line', (line) => {
    if (line.trim() === 's') switching = switching.then(switchGateway);
  });
  console.log(`
An agent is at work on ctx_123, and writes to the REST API at ${sandbox.url}.
The gateway shows it to whoever watches, at ${gatewayUrl}/graphql.

  Open  ${pageUrl}   (twice, to see both change)

  s + Enter  stops the gateway, and starts it again: the pages recover by themselves
  Ctrl-C     ends it all
`);
}

function servePage(): ChildProcess {
  return spawn(
    process.execPath,
    [vite, ...(isBuilt ? ['preview'] : []), '--port', pagePort, '--logLevel', 'warn'],
    {
      cwd: folder,
      env: { ...process.env, GATEWAY_URL: `${gatewayUrl}/graphql`, TOKEN: token },
      stdio: ['ignore', 'inherit', 'inherit'],
      // A terminal's Ctrl-C is for this process, which ends the others in their order.
      detached: true,
    },
  );
}

/** Resolves once Vite listens, which it does not say in a way made for programs, or has ended. */
async function pageAnswers(): Promise<boolean> {
  while (page.exitCode === null) {
    const answered = await fetch(`${pageUrl}/settings.json`).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return true;
    await setTimeout(50);
  }
  return false;
}

async function switchGateway(): Promise<void> {
  if (gateway === null) {
    gateway = await startGateway(new URL(gatewayUrl).port);
    console.log('The gateway is back.');
  } else {
    const closing = gateway;
    gateway = null;
    await closing.close();
    console.log('The gateway is stopped: s + Enter starts it again.');
  }
}

async function end(exitCode: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  clearInterval(working);
  await switching;
  if (page.exitCode === null && page.signalCode === null) {
    page.kill();
    await once(page, 'exit');
  }
  await gateway?.close();
  await sandbox.close();
  process.exit(exitCode);
}

function runToEnd(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed in ${folder}`);
}
