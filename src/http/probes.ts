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
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

export interface ProbeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The paths that operators and their machines ask. */
export function createProbes({ readiness, metrics }: ProbeOptions) {
  const probes: Readonly<Record<string, () => ProbeAnswer | Promise<ProbeAnswer>>> = {
    // The process is alive because it answers.
    '/health': () => json(200, { status: 'ok' }),
    '/ready': () => {
      const { ready, degraded, reasons } = readiness();
      return json(ready ? 200 : 503, { ready, degraded, reasons });
    },
    '/metrics': async () => ({ status: 200, ...(await metrics()) }),
  };
  return (path: string) => (Object.hasOwn(probes, path) ? probes[path] : undefined);
}

function json(status: number, value: object): ProbeAnswer {
  return { status, contentType: 'application/json', body: JSON.stringify(value) };
}
