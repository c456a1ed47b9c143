import { connect } from 'node:net';
import { vi } from 'vitest';

import { createClock, type FrozenClock } from '../support/clock.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import type { Upstream } from '../support/upstream.ts';
import {
  comparable,
  exchange,
  writeRequest,
  type RawRequest,
  type RawResponse,
} from './raw-http.ts';

/** Who sends a request. All but the first are the same person each time. */
export type Caller = 'administrator' | 'alice' | 'bob' | 'nobody' | 'expired' | 'forger';

export interface Sent {
  readonly request: RawRequest;
  /** @default 'administrator', each time another one */
  readonly caller?: Caller | undefined;
  readonly requestId?: string | undefined;
}

/** All that comes of a request: what its client, the API and the log get to see. */
export interface Observation {
  readonly response: RawResponse | null;
  readonly upstream: readonly object[];
  readonly lines: readonly object[];
}

/** One gateway of two, with an API and an issuer of its own. */
export class GatewaySide {
  readonly gateway: TestGateway;
  readonly #path: string;
  #logged = 0;

  constructor(gateway: TestGateway, path: string) {
    this.gateway = gateway;
    this.#path = path;
  }

  get upstream(): Upstream {
    return this.gateway.upstream;
  }

  async write({ request, caller, requestId = 'r-1' }: Sent): Promise<Buffer> {
    const { headers = [], target = '/graphql' } = request;
    const token = await this.#tokenOf(caller ?? 'administrator');
    return writeRequest({
      ...request,
      // Where it names another path, that is what the request is about.
      target: target.replace(/\/graphql(?=$|\?)/, this.#path),
      headers: [
        ...headers,
        ['x-request-id', requestId],
        ...(token === null ? [] : [['authorization', `Bearer ${token}`] as const]),
      ],
    });
  }

  async send(sent: Sent): Promise<Observation> {
    const bytes = await this.write(sent);
    const socket = connect(Number(new URL(this.gateway.url).port), '127.0.0.1');
    const response = await exchange(socket, bytes);
    socket.destroy();
    return this.observe(comparable(response), sent.requestId);
  }

  /** Takes no more notice of what was logged so far. */
  forget(): void {
    this.#logged = this.gateway.logs().length;
    this.upstream.clear();
  }

  /** Sends a request, and leaves once `leave` resolves. */
  async sendAndLeave(sent: Sent, leave: () => Promise<void>): Promise<void> {
    const socket = connect(Number(new URL(this.gateway.url).port), '127.0.0.1');
    socket.write(await this.write(sent));
    await leave();
    socket.destroy();
  }

  /** What can be seen of a request once its line is in the log. */
  async observe(response: RawResponse | null, requestId = 'r-1'): Promise<Observation> {
    const isLine = (line: object): boolean =>
      'msg' in line &&
      line.msg === 'request' &&
      'requestId' in line &&
      line.requestId === requestId;
    await vi.waitUntil(() => this.#newLines().some(isLine), { timeout: 10_000, interval: 2 });
    const lines = this.#newLines();
    this.#logged = this.gateway.logs().length;
    return { response, upstream: this.#received(), lines };
  }

  async #tokenOf(caller: Caller): Promise<string | null> {
    const { gateway } = this;
    switch (caller) {
      case 'nobody':
        return null;
      case 'administrator':
        return gateway.freshToken();
      case 'expired':
        return gateway.issuer.token({ exp: 1 });
      case 'forger':
        return 'ey.not.signed';
      case 'alice':
      case 'bob':
        return gateway.tokenOf(caller);
    }
  }

  /** What reached the API, less what differs between the two gateways: its port, and ids made up. */
  #received(): object[] {
    return this.upstream.requests.map(({ method, path, headers, body }) => {
      const entries = Object.entries(headers)
        .filter(([name]) => name !== 'host')
        .map(([name, value]) => [name, withoutChance(String(value))]);
      return { method, path, headers: entries, body };
    });
  }

  /** What was logged since the last observation, less what differs each time. */
  #newLines(): object[] {
    const texts = this.gateway.logs().slice(this.#logged).split('\n');
    return texts
      .filter((text) => text !== '')
      .map((text) => {
        const { time, durationMs, err, port, ...line } = JSON.parse(withoutChance(text)) as LogLine;
        const isTimed = typeof time === 'string' && typeof durationMs !== 'string';
        const { type, message } = (err ?? {}) as { type?: unknown; message?: unknown };
        return {
          ...line,
          isTimed,
          hasPort: typeof port === 'number',
          ...(line['path'] === '/graphql/*' && { path: '/graphql' }),
          ...(err !== undefined && { err: { type, message } }),
        };
      });
  }
}

type LogLine = Readonly<Record<string, unknown>>;

/** Without the ids that nobody gave, ports, and whom a token is signed by. */
function withoutChance(text: string): string {
  return text
    .replace(/[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, '(made up)')
    .replace(/127\.0\.0\.1:\d+/g, '(upstream)')
    .replace(/^Bearer ey[^.]+\.([^.]+)\.[^.]+$/, (_, payload: string) => {
      const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string };
      return `Bearer (of ${sub})`;
    });
}

/**
 * Two gateways under one clock. The first executes a document by its plan once it was sent; the second
 * is asked at a path whose requests are always executed by Yoga.
 */
export interface GatewayPair {
  readonly clock: FrozenClock;
  readonly planned: GatewaySide;
  readonly yogas: GatewaySide;
  readonly sides: readonly GatewaySide[];
  /** Whether nothing was handed to Yoga of what the first gateway was asked since it was last told. */
  tookPlan(): boolean;
  close(): Promise<void>;
}

export async function startGatewayPair(
  env: Readonly<Record<string, string>> = {},
): Promise<GatewayPair> {
  const clock = createClock();
  const [planned, yogas] = await Promise.all([
    startTestGateway({ env, clock }),
    startTestGateway({ env, clock }),
  ]);
  const sides = [new GatewaySide(planned, '/graphql'), new GatewaySide(yogas, '/graphql/')];
  const [first, second] = sides as [GatewaySide, GatewaySide];
  const requests = countRequests();
  return {
    clock,
    planned: first,
    yogas: second,
    sides,
    tookPlan: () => requests.handedOver() === 0,
    async close() {
      requests.stop();
      await Promise.all(sides.map(({ gateway }) => gateway.close()));
    },
  };
}

/** Counts the Fetch requests at `/graphql`: Yoga needs one for each operation, plans need none. */
function countRequests(): { handedOver(): number; stop(): void } {
  const { Request: Original } = globalThis;
  let count = 0;
  vi.stubGlobal(
    'Request',
    class extends Original {
      constructor(...given: ConstructorParameters<typeof Original>) {
        super(...given);
        if (new URL(this.url).pathname === '/graphql') count += 1;
      }
    },
  );
  return {
    handedOver() {
      const counted = count;
      count = 0;
      return counted;
    },
    stop() {
      vi.unstubAllGlobals();
    },
  };
}
