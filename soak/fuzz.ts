import fc from 'fast-check';

import { violationOf, violationOfBytes } from '../test/fuzz/fuzz-answers.ts';
import { fuzzBytes, fuzzRequest } from '../test/fuzz/fuzz-requests.ts';
import { startIssuer, type Issuer } from '../test/support/issuer.ts';
import { startUpstream } from '../test/support/upstream.ts';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.ts';
import type { SoakPart, SoakReport } from './part.ts';

const requests = 20_000;
const connections = 2_000;
/** Streams of requests at the same time, each with a seed of its own. */
const lanes = 8;
const firstSeed = 1;
const users = 500;
const permission = 'soak:manage';

export const fuzz: SoakPart = {
  name: 'fuzz',
  description: `${requests} requests of every kind, and ${connections} connections that hardly speak HTTP`,
  async run() {
    const [issuer, upstream] = await Promise.all([
      startIssuer(),
      startUpstream({ contexts: [{ id: 'ctx_1', context: { step: 1 } }] }),
    ]);
    const gateway = await startGatewayProcess({
      UPSTREAM_URL: upstream.url,
      UPSTREAM_API_KEY: 'soak',
      JWT_ISSUER: issuer.url,
      ADMIN_PERMISSION: permission,
    });
    // A log of all that was ever asked would outgrow the rest.
    const forgetting = setInterval(() => {
      upstream.clear();
    }, 1_000);
    try {
      return await bombard(gateway, await signIn(issuer));
    } finally {
      clearInterval(forgetting);
      await gateway.stop();
      await Promise.all([issuer.close(), upstream.close()]);
    }
  },
};

function signIn(issuer: Issuer): Promise<string[]> {
  return Promise.all(
    Array.from({ length: users }, (_, i) =>
      issuer.token({ sub: `administrator-${i}`, organization_permissions: [permission] }),
    ),
  );
}

async function bombard(gateway: GatewayProcess, tokens: readonly string[]): Promise<SoakReport> {
  const url = new URL(gateway.url).origin;
  let sent = 0;

  async function withRequest(request: Parameters<typeof violationOf>[1]): Promise<void> {
    sent += 1;
    refuse(await violationOf(url, request, tokens[sent % users] ?? ''));
  }
  async function withBytes(bytes: Buffer): Promise<void> {
    sent += 1;
    refuse(await violationOfBytes(url, bytes));
  }

  const failures = await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      const seed = firstSeed + lane;
      return [
        await firstFailure(fc.asyncProperty(fuzzRequest, withRequest), seed, requests / lanes),
        await firstFailure(fc.asyncProperty(fuzzBytes, withBytes), seed, connections / lanes),
      ];
    }),
  );
  const { heldBytes } = await gateway.report();
  return {
    summary: [
      `${sent} sent, in ${lanes} lanes with the seeds from ${firstSeed}`,
      `the gateway holds ${(heldBytes / 1024 / 1024).toFixed(1)} MB at the end`,
    ],
    violations: [
      ...failures.flat().filter((failure) => failure !== null),
      ...gateway.complaints.map((line) => `the gateway complained: ${line}`),
      ...(gateway.running ? [] : ['the gateway ended']),
    ],
  };
}

function refuse(violation: string | null): void {
  if (violation !== null) throw new Error(violation);
}

/** How the smallest counterexample fails, with what it takes to see it again. */
async function firstFailure<T>(
  property: fc.IAsyncProperty<T>,
  seed: number,
  numRuns: number,
): Promise<string | null> {
  const details = await fc.check(property, { seed, numRuns, includeErrorInReport: true });
  return fc.defaultReportMessage(details) ?? null;
}
