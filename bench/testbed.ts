import { once } from 'node:events';
import { connect } from 'node:net';

import { startIssuer } from '../test/support/issuer.ts';
import { createAllowance, unlimited, type Allowance } from './allowance.ts';
import { createExchange, type Case } from './cases.ts';
import { divideCores, hasProgram, pinSelf, type Cores } from './cores.ts';
import { createLoad, type Load, type Users } from './load.ts';
import { eventually, launch, type MeasuredProcess } from './measured-process.ts';
import type { Options } from './options.ts';
import { createProcesses, freePort, type Processes } from './processes.ts';
import { serverProgram, type Side } from './sides.ts';

export interface StartSideOptions {
  /** Whether the probe is in it. @default true */
  readonly probe?: boolean;
  /** @default false */
  readonly countPromises?: boolean;
}

/** The upstream, the issuer and Redis, and the users. All sides are started on it. */
export interface Testbed {
  readonly options: Options;
  readonly cores: Cores;
  /** Those of the chosen sides that can run here. */
  readonly sides: readonly Side[];
  /** Resolves at once, before the program listens. */
  startSide(side: Side, options?: StartSideOptions): Promise<MeasuredProcess>;
  /** What the limits of a side still admit: they are kept through its restarts, in Redis. */
  allowanceOf(side: Side): Allowance;
  /** Whose turn it is with a side. */
  usersOf(side: Side): Users;
  load(measured: MeasuredProcess, asked: Case, connections: number): Load;
  /** Resolves once the side has answered the first user rightly. */
  untilAnswered(measured: MeasuredProcess, asked: Case): Promise<void>;
  close(): Promise<void>;
}

const apiKey = 'bench-key';
const permission = 'execution_contexts:manage';

export async function startTestbed(options: Options): Promise<Testbed> {
  const cores = divideCores();
  pinSelf(cores);
  const processes = createProcesses();
  const issuer = await startIssuer();

  async function close(): Promise<void> {
    await processes.stopAll();
    await issuer.close();
  }

  try {
    const tokens = await Promise.all(
      Array.from({ length: options.users }, (_, index) =>
        issuer.token({
          sub: `user_${index}`,
          exp: Math.floor(Date.now() / 1_000) + 12 * 3_600,
          // All contexts have one owner: others may touch them as administrators only.
          organization_permissions: [permission],
        }),
      ),
    );
    const upstreamUrl = await startUpstream(processes, cores, options.nonAscii);
    const sides = options.sides.filter(canRun);
    const redisUrl = sides.some(({ needsRedis }) => needsRedis)
      ? await startRedis(processes, cores)
      : null;

    const allowances = new Map<string, Allowance>();
    const users = new Map<string, Users>();
    const testbed: Testbed = {
      options,
      cores,
      sides,
      startSide: (side, { probe = true, countPromises = false } = {}) =>
        launch(side, {
          processes,
          cores,
          probe,
          env: {
            UPSTREAM_URL: upstreamUrl,
            UPSTREAM_API_KEY: apiKey,
            ...(side.isGateway && {
              JWT_ISSUER: issuer.url,
              ADMIN_PERMISSION: permission,
              LOG_LEVEL: options.logLevel,
              SHUTDOWN_DRAIN_MS: '0',
            }),
            ...(side.needsRedis && redisUrl !== null && { REDIS_URL: redisUrl }),
            ...(countPromises && { BENCH_COUNT_PROMISES: '1' }),
          },
        }),
      allowanceOf: (side) =>
        side.isGateway
          ? remembered(allowances, side.name, () => createAllowance(options.users))
          : unlimited,
      usersOf: (side) => remembered(users, side.name, () => ({ tokens, next: 0 })),
      load: ({ url, side }, asked, connections) =>
        createLoad(url, createExchange(asked, side.protocol), testbed.usersOf(side), connections),
      async untilAnswered(measured, asked) {
        const load = testbed.load(measured, asked, 1);
        try {
          await eventually(
            () => load.run({ atMs: Infinity, afterRequests: 1 }),
            () => measured.running,
          );
        } finally {
          await load.close();
        }
      },
      close,
    };
    return testbed;
  } catch (error) {
    await close();
    throw error;
  }
}

function canRun({ name, needsRedis }: Side): boolean {
  const can = !needsRedis || hasProgram('redis-server');
  if (!can) console.error(`${name} is left out: redis-server is not installed.`);
  return can;
}

async function startUpstream(
  processes: Processes,
  cores: Cores,
  nonAscii: boolean,
): Promise<string> {
  const port = await freePort();
  processes.start(process.execPath, [serverProgram('stub-upstream')], {
    env: {
      PORT: String(port),
      UPSTREAM_API_KEY: apiKey,
      BENCH_NON_ASCII: nonAscii ? '1' : '0',
    },
    cores: cores.others,
  });
  await eventually(() => untilAccepted(port));
  return `http://127.0.0.1:${port}`;
}

/** A Redis of its own, that keeps nothing. */
async function startRedis(processes: Processes, cores: Cores): Promise<string> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  processes.start('redis-server', args, { cores: cores.others });
  await eventually(() => untilAccepted(port));
  return `redis://127.0.0.1:${port}`;
}

async function untilAccepted(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

function remembered<V>(map: Map<string, V>, key: string, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
