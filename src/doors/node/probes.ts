import type { NodeRequest } from './node-request.ts';
import { refusals } from './refusal.ts';

/** The body of `GET /ready`. */
export interface Readiness {
  readonly ready: boolean;
  /** What is degraded, such as limits that are counted in process while Redis is unavailable. */
  readonly degraded: readonly string[];
  /** Why it is not ready. */
  readonly reasons: readonly string[];
}

export interface ProbeOptions {
  /** Returns what `/ready` reports; `null` serves neither `/ready` nor `/health`. */
  readonly readiness: (() => Readiness) | null;
  /** The metrics in the text format of Prometheus; `null` does not serve `/metrics`. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> } | null;
}

/** The response of a probe. */
export interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The `cache-control` of every probe's response. */
export const probeCacheControl = 'no-store';

/** Returns the response to GET and HEAD at one path. */
export type Probe = () => ProbeAnswer | Promise<ProbeAnswer>;

/** Creates the probes for operators and orchestrators, by their paths. */
export function createProbes({ readiness, metrics }: ProbeOptions): ReadonlyMap<string, Probe> {
  const probes = new Map<string, Probe>();
  if (readiness !== null) {
    // That the process answers is enough: it is alive.
    probes.set('/health', () => json(200, { status: 'ok' }));
    probes.set('/ready', () => {
      const state = readiness();
      return json(state.ready ? 200 : 503, state);
    });
  }
  if (metrics !== null) {
    probes.set('/metrics', async () => ({
      status: 200,
      contentType: metrics.contentType,
      body: await metrics.text(),
    }));
  }
  return probes;
}

const own = ['cache-control', probeCacheControl];

/** Sends a probe's response; other methods than GET and HEAD are refused. */
export async function answerProbe(probe: Probe, request: NodeRequest): Promise<void> {
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
