import { parse } from 'graphql';
import { expect, it } from 'vitest';

import { describeCalls, describeStreams } from './front-end.ts';
import { graphqlRequestPage } from './pages/graphql-request.ts';
import { createRequest } from './recipes/graphql-request.ts';
import { overEventStreams, overWebSocket } from './recipes/live.ts';
import { signIn } from './signed-in.ts';

const updatesPerSecond = 10;

describeCalls('graphql-request', ({ url, session }) =>
  graphqlRequestPage(url, session, overWebSocket(url, session)),
);

describeStreams('graphql-request, and graphql-ws', ({ url, session }) =>
  graphqlRequestPage(url, session, overWebSocket(url, session)),
);

describeStreams('graphql-request, and graphql-sse', ({ url, session }) =>
  graphqlRequestPage(url, session, overEventStreams(url, session)),
);

it('does not repeat an operation of which a field has done something', async () => {
  await using alice = await signIn();
  alice.holdTime();
  const merges = Array.from({ length: updatesPerSecond + 1 }, (_, i) => {
    const input = `input: { patch: { step${i}: ${i} } }`;
    return `m${i}: mergeExecutionContext(id: "ctx_1", ${input}) { ... on ExecutionContextError { code } }`;
  });
  const document = parse(`mutation { ${merges.join(' ')} }`);
  const data = await createRequest(alice.url, alice.session)(document, {});
  expect(Object.values(data as object)).toEqual([
    ...Array.from({ length: updatesPerSecond }, () => ({})),
    { code: 'RATE_LIMITED' },
  ]);
  const writes = alice.gateway.upstream.requests.filter(({ method }) => method !== 'GET');
  expect(writes).toHaveLength(updatesPerSecond);
});
