import { fileURLToPath } from 'node:url';
import { createOperationDescriptor, getRequest } from 'relay-runtime';
import { describe, expect, it } from 'vitest';

import { describeCalls, describeStreams } from './front-end.ts';
import { relayPage } from './pages/relay.ts';
import { describePersisted } from './persisted.ts';
import { overEventStreams } from './recipes/live.ts';
import { contextQuery } from './recipes/relay-documents.ts';
import { createRelayEnvironment } from './recipes/relay.ts';
import { signIn } from './signed-in.ts';

describeCalls('Relay', ({ url, session }) => relayPage(createRelayEnvironment(url, session)));

describeStreams('Relay, with graphql-ws', ({ url, session }) =>
  relayPage(createRelayEnvironment(url, session)),
);

describeStreams('Relay, with graphql-sse', ({ url, session }) =>
  relayPage(createRelayEnvironment(url, session, overEventStreams(url, session))),
);

describe("Relay's store", () => {
  it.each(['deletes', 'is told of'])('forgets a context whose delete it %s', async (how) => {
    await using alice = await signIn();
    const environment = createRelayEnvironment(alice.url, alice.session);
    const page = relayPage(environment);
    const operation = createOperationDescriptor(getRequest(contextQuery), { id: 'ctx_1' });
    const retained = environment.retain(operation);
    await page.read();
    expect(environment.check(operation).status).toBe('available');
    if (how === 'deletes') await page.delete();
    else {
      const watched = page.watch();
      await watched.next();
      await relayPage(createRelayEnvironment(alice.url, alice.session)).delete();
      expect(await watched.next()).toMatchObject({ deletedId: 'ctx_1' });
    }
    expect(environment.lookup(operation.fragment).data).toEqual({ executionContext: null });
    retained.dispose();
  });
});

describePersisted(
  'Relay',
  { trusted: ({ url, session }) => relayPage(createRelayEnvironment(url, session)) },
  fileURLToPath(new URL('recipes/__generated__/persisted-documents.json', import.meta.url)),
);
