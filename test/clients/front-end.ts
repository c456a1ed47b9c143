import { describe, expect, it } from 'vitest';

import { eventually, metric } from '../live/streams.ts';
import type { FrontEnd, Watched } from './pages/page.ts';
import { signIn, type SignedIn } from './signed-in.ts';

type Create = (signedIn: SignedIn) => FrontEnd;

/** A page of alice's, open in a browser. */
interface Visit extends AsyncDisposable {
  readonly alice: SignedIn;
  readonly page: FrontEnd;
  /** Leaves nothing open in the end. */
  watch(id?: string): Watched;
  streamsOpen(): Promise<number>;
  /** How many calls and streams were refused with `code`, before the client went on. */
  refusals(code: string): Promise<number>;
}

async function visit(create: Create): Promise<Visit> {
  const alice = await signIn();
  const page = create(alice);
  const watching: Watched[] = [];
  return {
    alice,
    page,
    watch(id) {
      const watched = page.watch(id);
      watching.push(watched);
      return watched;
    },
    streamsOpen: () => metric(alice.gateway.url, 'gateway_streams_open'),
    async refusals(code) {
      const text = await (await fetch(`${alice.gateway.url}/metrics`)).text();
      const series = text.matchAll(/^gateway_(?:results|stream_ends)_total\{.*"(\w+)"\} (\d+)$/gm);
      let count = 0;
      for (const [, label, value] of series) if (label === code) count += Number(value);
      return count;
    },
    async [Symbol.asyncDispose]() {
      for (const watched of watching) watched.stop();
      await alice.gateway.close();
    },
  };
}

/** What holds for the queries and mutations of every client that is set up as its recipe says. */
export function describeCalls(name: string, create: Create): void {
  describe(name, () => {
    it('reads, merges and deletes', async () => {
      await using visited = await visit(create);
      const { page } = visited;
      expect(await page.read()).toMatchObject({ id: 'ctx_1', context: { step: 1 } });
      expect(await page.merge({ step: 2 })).toMatchObject({ context: { step: 2 } });
      expect(await page.delete()).toMatchObject({ deletedId: 'ctx_1' });
    });

    it('gets errors as data', async () => {
      await using visited = await visit(create);
      const { page } = visited;
      expect(await page.read('missing')).toMatchObject({ code: 'NOT_FOUND' });
    });

    it('waits as long as a rate limit says, and asks again', async () => {
      await using visited = await visit(create);
      const { alice, page, refusals } = visited;
      const release = alice.holdTime();
      await alice.exhaustReads();
      const reading = page.read();
      expect(await eventually(() => refusals('RATE_LIMITED'), 1)).toBe(1);
      release();
      expect(await reading).toMatchObject({ id: 'ctx_1' });
      expect(await refusals('RATE_LIMITED')).toBe(1);
    });

    it('asks again where that is safe and may help', async () => {
      await using visited = await visit(create);
      const { alice, page, refusals } = visited;
      alice.gateway.upstream.always(async ({ response }) => void response.writeHead(503).end());
      const reading = page.read();
      await eventually(async () => (await refusals('UPSTREAM_UNAVAILABLE')) > 0, true);
      alice.gateway.upstream.clear();
      expect(await reading).toMatchObject({ id: 'ctx_1' });
    });

    it('shows a token that is refused though it is new', async () => {
      await using visited = await visit(create);
      const { alice, page, refusals } = visited;
      alice.gateway.issuer.withdraw(String(alice.gateway.issuer.key.jwk.kid));
      expect(await page.read()).toMatchObject({ code: 'UNAUTHENTICATED' });
      expect(await refusals('UNAUTHENTICATED')).toBe(2);
      expect(alice.renewals()).toBe(2);
    });

    it('shows a rate limit that would take long', async () => {
      await using visited = await visit(create);
      const { alice, page } = visited;
      await alice.exhaustMinute();
      const member = await page.read();
      expect(member).toMatchObject({ code: 'RATE_LIMITED' });
      expect(member.retryAfterMs).toBeGreaterThan(5_000);
    });

    it('renews a token that has expired once for ten operations', async () => {
      await using visited = await visit(create);
      const { alice, page, refusals } = visited;
      await page.merge({ step: 1 });
      alice.expireTokens();
      const members = await Promise.all(
        Array.from({ length: 10 }, (_, i) => page.merge({ [`step${i}`]: i })),
      );
      for (const member of members) expect(member).toMatchObject({ id: 'ctx_1' });
      expect(await refusals('UNAUTHENTICATED')).toBe(10);
      expect(alice.renewals()).toBe(2);
    });
  });
}

/** What holds for its subscriptions. */
export function describeStreams(name: string, create: Create): void {
  describe(name, () => {
    it('sees each state, whoever writes it', async () => {
      await using visited = await visit(create);
      const { alice, page, watch, streamsOpen } = visited;
      const watched = watch();
      expect(await watched.next()).toMatchObject({ context: { step: 1 } });
      await page.merge({ step: 2 });
      expect(await watched.next()).toMatchObject({ context: { step: 2 } });
      alice.store({ step: 3 });
      expect(await watched.next()).toMatchObject({ context: { step: 3 } });
      watched.stop();
      expect(await eventually(streamsOpen, 0)).toBe(0);
    });

    it('sees that the context was deleted, and nothing after', async () => {
      await using visited = await visit(create);
      const { page, watch, streamsOpen } = visited;
      const watched = watch();
      await watched.next();
      await page.delete();
      expect(await watched.next()).toMatchObject({ deletedId: 'ctx_1' });
      expect(await watched.next()).toBeNull();
      expect(await eventually(streamsOpen, 0)).toBe(0);
    });

    it('sees why there is nothing to watch', async () => {
      await using visited = await visit(create);
      const { watch } = visited;
      const watched = watch('missing');
      expect(await watched.next()).toMatchObject({ code: 'NOT_FOUND' });
      expect(await watched.next()).toBeNull();
    });

    it('goes on watching with a new token when the old one expires', async () => {
      await using visited = await visit(create);
      const { alice, watch, refusals } = visited;
      const watched = [watch(), watch()];
      for (const each of watched) expect(await each.next()).toMatchObject({ context: { step: 1 } });
      alice.expireTokens();
      alice.store({ step: 2 });
      for (const each of watched) expect(await nextStep(each, 2)).toBe(2);
      expect(await refusals('UNAUTHENTICATED')).toBeGreaterThan(0);
      expect(alice.renewals()).toBe(2);
    });

    it('goes on watching after the gateway was restarted', async () => {
      await using visited = await visit(create);
      const { alice, watch } = visited;
      const watched = watch();
      await watched.next();
      await alice.gateway.restart();
      alice.store({ step: 2 });
      expect(await nextStep(watched, 2)).toBe(2);
    });

    it('goes on watching after the API was away', async () => {
      await using visited = await visit(create);
      const { alice, watch, refusals } = visited;
      const watched = watch();
      await watched.next();
      alice.gateway.upstream.always(async ({ response }) => void response.writeHead(500).end());
      await eventually(async () => (await refusals('UPSTREAM_FAILED')) > 1, true);
      alice.gateway.upstream.clear();
      alice.store({ step: 2 });
      expect(await nextStep(watched, 2)).toBe(2);
    });

    it('waits until it may watch', async () => {
      await using visited = await visit(create);
      const { alice, watch, refusals } = visited;
      const release = alice.holdTime();
      await alice.exhaustReads();
      const watched = watch();
      expect(await eventually(() => refusals('RATE_LIMITED'), 1)).toBe(1);
      release();
      expect(await watched.next()).toMatchObject({ context: { step: 1 } });
      expect(await refusals('RATE_LIMITED')).toBe(1);
    });
  });
}

/** Passes over states that were seen before: a stream that is opened again begins with the present one. */
async function nextStep(watched: Watched, step: number): Promise<number | undefined> {
  for (;;) {
    const member = await watched.next();
    const { step: seen } = (member?.context ?? {}) as { step?: number };
    if (seen === step || seen === undefined) return seen;
  }
}
