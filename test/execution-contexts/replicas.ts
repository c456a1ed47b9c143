import { askGraphQL, type AskOptions } from '../support/ask.ts';
import { adminPermission, apiKey } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { startReplica, type Replica } from '../support/replica.ts';
import { startUpstream, type Upstream } from '../support/upstream.ts';
import { merge, type WriteFront, type WriteResult } from './write-documents.ts';

/** Gateways in processes of their own, on one API and one Redis. */
export interface Replicas extends AsyncDisposable {
  readonly fronts: readonly WriteFront[];
  readonly processes: readonly Replica[];
  readonly upstream: Upstream;
  readonly redis: RedisServer;
}

export async function startReplicas(
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Replicas> {
  const [upstream, issuer, redis] = await Promise.all([
    startUpstream(),
    startIssuer(),
    startRedis(),
  ]);
  const processes = Array.from({ length: count }, () =>
    startReplica({
      env: {
        PORT: '0',
        NODE_ENV: 'production',
        UPSTREAM_URL: upstream.url,
        UPSTREAM_API_KEY: apiKey,
        JWT_ISSUER: issuer.url,
        ADMIN_PERMISSION: adminPermission,
        REDIS_URL: redis.url,
        SHUTDOWN_DRAIN_MS: '0',
        ...env,
      },
    }),
  );
  const urls = await Promise.all(processes.map((process) => process.listening()));
  let users = 0;
  const fronts = urls.map((url) => ({
    ask: (query: string, variables?: object, options?: AskOptions) =>
      askGraphQL(url, query, variables, options),
    freshToken() {
      users += 1;
      return issuer.token({
        sub: `administrator-${users}`,
        organization_permissions: [adminPermission],
      });
    },
  }));
  return {
    fronts,
    processes,
    upstream,
    redis,
    async [Symbol.asyncDispose]() {
      for (const process of processes) process.signal('SIGKILL');
      await Promise.all(processes.map(({ ended }) => ended));
      await Promise.all([upstream.close(), issuer.close(), redis.close()]);
    },
  };
}

export interface MergeLoad {
  /** The keys whose merge was answered with the context, by their values. */
  readonly acknowledged: Readonly<Record<string, number>>;
  /** What else was answered, by code; `lost` where nothing was. */
  readonly others: Readonly<Record<string, number>>;
}

/**
 * Merges keys of their own into one context, from many clients at once. Each goes on with the next
 * key where the outcome of one is unknown, and comes back with it where nothing was written.
 *
 * @param onAcknowledged - Told how many there are by now.
 */
export async function mergeKeys(
  fronts: readonly WriteFront[],
  id: string,
  { keys, clients }: { readonly keys: number; readonly clients: number },
  onAcknowledged: (count: number) => void = () => undefined,
): Promise<MergeLoad> {
  const acknowledged: Record<string, number> = {};
  const others: Record<string, number> = {};
  let next = 0;
  let count = 0;

  function frontOf(replica: number): WriteFront {
    const front = fronts[replica % fronts.length];
    if (front === undefined) throw new Error('There is no replica.');
    return front;
  }

  async function attempt(front: WriteFront, key: number, token: string): Promise<WriteResult> {
    try {
      return await merge(front, id, { patch: { [`key${key}`]: key } }, token);
    } catch {
      return { __typename: 'None', code: 'lost' };
    }
  }

  async function work(client: number): Promise<void> {
    let replica = client;
    const token = await frontOf(0).freshToken();
    while (next < keys) {
      const key = next++;
      for (;;) {
        const result = await attempt(frontOf(replica), key, token);
        const { code } = result;
        if (code === undefined) {
          acknowledged[`key${key}`] = key;
          onAcknowledged((count += 1));
          break;
        }
        others[code] = (others[code] ?? 0) + 1;
        if (code === 'lost') replica += 1;
        const isUnwritten =
          code === 'RATE_LIMITED' || code === 'CONFLICT' || result.retryable === true;
        if (!isUnwritten) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  return { acknowledged, others };
}
