import type { NodeRequest } from './node-request.ts';
import { refusals } from './refusal.ts';

/** What `GET /ready` answers. */
export interface Readiness {
  readonly ready: boolean;
  /** What works with less than it should, such as limits counted in process while Redis is down. */
  readonly degraded: readonly string[];
  /** Why it is not ready. */
  readonly reasons: readonly string[];
}

export interface ProbeOptions {
  readonly readiness: () => Readiness;
  /** The metrics in Prometheus' text format. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
}

interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const own = ['cache-control', 'no-store'];

type Probe = () => ProbeAnswer | Promise<ProbeAnswer>;

/**
 * The paths that operators and their machines ask.
 *
 * @returns What answers requests to a path, or undefined where the path is another.
 */
export function createProbes({ readiness, metrics }: ProbeOptions) {
  const probes: Readonly<Record<string, Probe>> = {
    // The process is alive because it answers.
    '/health': () => json(200, { status: 'ok' }),
    '/ready': () => {
      const state = readiness();
      return json(state.ready ? 200 : 503, state);
    },
    '/metrics': async () => ({
      status: 200,
      contentType: metrics.contentType,
      body: await metrics.text(),
    }),
  };

  return (path: string) => {
    const probe = Object.hasOwn(probes, path) ? probes[path] : undefined;
    return probe && ((request: NodeRequest) => answer(probe, request));
  };
}

async function answer(probe: Probe, request: NodeRequest): Promise<void> {
  const { method } = request.message;
  if (method !== 'GET' && method !== 'HEAD') {
    request.refuse(refusals.readOnly);
    return;
  }
  const { status, contentType, body } = await probe();
  request.send(status, contentType, body, own);
}

function json(status: number, value: object): ProbeAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}
