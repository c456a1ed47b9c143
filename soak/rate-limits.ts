import { parseLimit } from '../src/rate-limit/limit.ts';
import { updateLimit } from '../src/execution-contexts/limits.ts';
import { startIssuer } from '../test/support/issuer.ts';
import { startRedis } from '../test/support/redis.ts';
import { passThrough } from '../test/support/upstream-faults.ts';
import { startUpstream } from '../test/support/upstream.ts';
import { mostWithin, needlessRefusals } from './admissions.ts';
import { startGatewayProcess } from './gateway-process.ts';
import { overload, type Call } from './overload.ts';
import type { SoakPart, SoakReport } from './part.ts';

/** A full minute, and a few seconds of the next. */
const durationMs = 66_000;
const gateways = 3;
const clientsOfEach = 3;
const pauseMs = 20;
/** A longer pause of the load, in milliseconds, would prove nothing about what is admitted in it. */
const maxQuietMs = 500;

const { windows } = parseLimit(updateLimit);

export const rateLimits: SoakPart = {
  name: 'rate-limits',
  description: `one user overloads ${gateways} gateway processes on one Redis for ${durationMs / 1000} s`,
  async run() {
    const [redis, issuer, upstream] = await Promise.all([
      startRedis(),
      startIssuer(),
      startUpstream({ contexts: [{ id: 'ctx_1', user_id: 'alice' }] }),
    ]);
    const arrivals = new Map<string, number>();
    upstream.on(
      'PUT',
      () => true,
      (exchange) => {
        arrivals.set(String(exchange.request.headers['x-request-id']), performance.now());
        return passThrough()(exchange);
      },
    );
    const processes = await Promise.all(
      Array.from({ length: gateways }, () =>
        startGatewayProcess({
          UPSTREAM_URL: upstream.url,
          UPSTREAM_API_KEY: 'soak',
          JWT_ISSUER: issuer.url,
          REDIS_URL: redis.url,
          // Then no hiccup of the machine can make one admit by a count of its own.
          RATE_LIMIT_ON_STORE_FAILURE: 'closed',
        }),
      ),
    );
    try {
      const token = await issuer.token();
      const untilMs = performance.now() + durationMs;
      const clients = processes.flatMap(({ url }) =>
        Array.from({ length: clientsOfEach }, () =>
          overload({ url, token, contextId: 'ctx_1', untilMs, pauseMs }),
        ),
      );
      return report((await Promise.all(clients)).flat(), arrivals);
    } finally {
      await Promise.all(processes.map((process) => process.stop()));
      await Promise.all([redis.close(), issuer.close(), upstream.close()]);
    }
  },
};

function report(calls: readonly Call[], arrivals: ReadonlyMap<string, number>): SoakReport {
  const admitted = calls.filter(({ result }) => result.__typename === 'AiExecutionContext');
  const refused = calls.filter(({ result }) => result.source === 'GATEWAY');
  const uncounted = refused.filter(({ result }) => result.limit === null);
  const counted = refused.filter(({ result }) => result.limit !== null);
  const others = calls.length - admitted.length - refused.length;

  const admissions = calls.flatMap(({ requestId, sentMs }) => {
    const arrivedMs = arrivals.get(requestId);
    return arrivedMs === undefined ? [] : [{ sentMs, arrivedMs }];
  });
  const most = windows.map((window) => ({ window, count: mostWithin(admissions, window) }));
  const needless = needlessRefusals(counted, admissions, windows);
  const quietMs = longestQuietMs(calls);

  return {
    summary: [
      `${calls.length} calls: ${admitted.length} admitted, ${counted.length} refused, ` +
        `${uncounted.length} refused because Redis did not answer in time`,
      `${arrivals.size} writes reached the API`,
      ...most.map(
        ({ window, count }) =>
          `at most ${count} of ${window.max} in any sliding ${window.windowMs} ms`,
      ),
      `the load paused for ${Math.round(quietMs)} ms at most`,
    ],
    violations: [
      ...most
        .filter(({ window, count }) => count > window.max)
        .map(
          ({ window, count }) =>
            `${count} calls were admitted within ${window.windowMs} ms, where ${window.max} are`,
        ),
      ...needless.map(
        ({ sentMs }) =>
          `a call was refused at ${Math.round(sentMs)} ms though no window can have been full`,
      ),
      ...(admitted.length === arrivals.size && admissions.length === arrivals.size
        ? []
        : [`${admitted.length} calls were answered as admitted, ${arrivals.size} reached the API`]),
      ...(others === 0 ? [] : [`${others} calls were answered with something else altogether`]),
      ...(quietMs <= maxQuietMs
        ? []
        : [`the load paused for ${Math.round(quietMs)} ms: too long to prove anything`]),
    ],
  };
}

function longestQuietMs(calls: readonly Call[]): number {
  const sent = calls.map(({ sentMs }) => sentMs).sort((a, b) => a - b);
  return Math.max(0, ...sent.slice(1).map((sentMs, index) => sentMs - (sent[index] ?? sentMs)));
}
