/** What every server of the bench is told. */
export interface ServerEnvironment {
  readonly port: number;
  readonly upstreamUrl: string;
  readonly apiKey: string;
}

export function environment(): ServerEnvironment {
  return {
    port: Number(process.env['PORT']),
    upstreamUrl: process.env['UPSTREAM_URL'] ?? '',
    apiKey: process.env['UPSTREAM_API_KEY'] ?? '',
  };
}
