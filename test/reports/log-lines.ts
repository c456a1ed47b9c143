import type { TestGateway } from '../support/gateway.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** The lines that a gateway has logged so far with a message that matches. */
export function linesOf(gateway: Pick<TestGateway, 'logs'>, message: RegExp): LogLine[] {
  return gateway
    .logs()
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as LogLine)
    .filter(({ msg }) => message.test(String(msg)));
}

/** What `GET /ready` of a gateway says. */
export async function readinessOf({ url }: Pick<TestGateway, 'url'>): Promise<{
  readonly status: number;
  readonly ready: boolean;
  readonly degraded: readonly string[];
  readonly reasons: readonly string[];
}> {
  const response = await fetch(`${url}/ready`);
  const body = (await response.json()) as {
    ready: boolean;
    degraded?: string[];
    reasons?: string[];
  };
  return { status: response.status, degraded: [], reasons: [], ...body };
}
