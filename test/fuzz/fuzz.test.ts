import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { schema } from '../../src/gateway.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { validDocument } from './document-texts.ts';
import { violationOf, violationOfBytes } from './fuzz-answers.ts';
import { fuzzBytes, fuzzRequest } from './fuzz-requests.ts';

const seed = 20_250_101;

describe('a gateway that anything is sent to', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({ env: { LOG_LEVEL: 'error' } });
    gateway.upstream.seed({ id: 'ctx_1', context: { step: 1 } });
  });
  afterAll(() => gateway.close());

  it('answers every request in a way that is documented', { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(fuzzRequest, async (request) => {
        expect(await violationOf(gateway.url, request, await gateway.freshToken())).toBeNull();
      }),
      { seed, numRuns: 1_000 },
    ),
  );

  it('answers bytes that are hardly HTTP, or hangs up', { timeout: 60_000 }, () =>
    fc.assert(
      fc.asyncProperty(fuzzBytes, async (bytes) => {
        expect(await violationOfBytes(gateway.url, bytes)).toBeNull();
      }),
      { seed, numRuns: 200 },
    ),
  );

  it('lives on, and has met no bug', async () => {
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
    expect(gateway.logs()).toBe('');
  });
});

describe('the documents that are fuzzed', () => {
  it('are valid to begin with', () => {
    fc.assert(
      fc.property(validDocument, (document) => {
        expect(validate(schema, parse(document))).toEqual([]);
      }),
      { seed, numRuns: 200 },
    );
  });
});
