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
  /** What `/ready` says, with `/health` beside it; `null` answers neither. */
  readonly readiness: (() => Readiness) | null;
  /** The metrics in Prometheus' text format; `null` answers no `/metrics`. */
  readonly metrics: { readonly contentType: string; text(): Promise<string> } | null;
}

export interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The `cache-control` of every answer. */
export const probeCacheControl = 'no-store';

/** Answers GET and HEAD at one path. */
export type Probe = () => ProbeAnswer | Promise<ProbeAnswer>;

/** The paths that operators and their machines ask, and what answers there. */
export function createProbes({ readiness, metrics }: ProbeOptions): ReadonlyMap<string, Probe> {
  const probes = new Map<string, Probe>();
  if (readiness !== null) {
    // The process is alive because it answers.
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
