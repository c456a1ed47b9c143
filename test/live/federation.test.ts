import { afterAll, beforeAll, expect, it } from 'vitest';

import { startHiveGateway } from '../../examples/supergraph/hive-gateway.ts';
import { startSupergraph, type Supergraph } from '../federation/supergraph.ts';
import { watch } from './streams.ts';

let supergraph: Supergraph;

beforeAll(async () => {
  supergraph = await startSupergraph({ startRouter: startHiveGateway });
  supergraph.contexts.upstream.seed({
    ...{ id: 'ctx_1', user_id: 'alice', session_id: 's1', context: { step: 1 } },
  });
});
afterAll(() => supergraph.close());

it('streams through Hive Gateway as a federated subscription', async () => {
  const token = await supergraph.contexts.tokenOf('alice');
  const reader = await watch(supergraph.url, 'ctx_1', { token });
  expect(await reader.next()).toMatchObject({ context: { step: 1 }, sessionId: 's1' });
  const document = `mutation {
    updateExecutionContext(id: "ctx_1", input: { context: { step: 2 } }) { __typename }
  }`;
  expect(await supergraph.dataOf(document, {}, { token })).toEqual({
    updateExecutionContext: { __typename: 'AiExecutionContext' },
  });
  expect(await reader.next()).toMatchObject({ context: { step: 2 } });
  reader.leave();
});
