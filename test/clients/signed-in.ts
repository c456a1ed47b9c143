import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createSession, type Session } from './recipes/recovery.ts';

/** A gateway that holds `ctx_1` of alice's, and alice's session in a front end. */
export interface SignedIn extends AsyncDisposable {
  readonly gateway: TestGateway;
  readonly session: Session;
  /** Of the endpoint. */
  readonly url: string;
  /** How often a token was asked for. */
  readonly renewals: () => number;
  /** Lets the gateway's time stand still until the function it returns is called. */
  holdTime(): () => void;
  /** Lets every token there is expire. */
  expireTokens(): void;
  /** Writes past the gateway, as an agent does. */
  store(context: unknown): void;
  /** Uses up what alice may read within a second. */
  exhaustReads(): Promise<void>;
  /** Uses up what alice may read within a minute. */
  exhaustMinute(): Promise<void>;
}

const tokenLifetimeMs = 600_000;
const readsPerSecond = 20;
const readsPerMinute = 100;

/** @param env - Environment variables of the gateway that differ from the usual. */
export async function signIn(env: Readonly<Record<string, string>> = {}): Promise<SignedIn> {
  // The clients wait by the real time, so it goes on; tests only put it forward.
  let aheadMs = 0;
  let heldAt: number | undefined;
  const clock = { now: () => heldAt ?? Date.now() + aheadMs };
  const gateway = await startTestGateway({ clock, env: { LIVE_POLL_MS: '50', ...env } });
  let renewals = 0;
  const session = createSession(() => {
    renewals += 1;
    return gateway.tokenOf('alice');
  });

  function store(context: unknown): void {
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice', session_id: 's1', context });
  }

  async function exhaustReads(): Promise<void> {
    const aliases = Array.from(
      { length: readsPerSecond },
      (_, i) => `r${i}: executionContext(id: "ctx_1") { __typename }`,
    );
    await gateway.ask(`{ ${aliases.join(' ')} }`, {}, { token: await gateway.tokenOf('alice') });
  }

  store({ step: 1 });
  return {
    gateway,
    session,
    url: `${gateway.url}/graphql`,
    renewals: () => renewals,
    holdTime() {
      heldAt = clock.now();
      return () => {
        heldAt = undefined;
      };
    },
    expireTokens() {
      // The gateway allows for clocks that differ.
      aheadMs += tokenLifetimeMs + 60_000;
    },
    store,
    exhaustReads,
    async exhaustMinute() {
      for (let reads = 0; reads < readsPerMinute; reads += readsPerSecond) {
        await exhaustReads();
        aheadMs += 1_001;
      }
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}
