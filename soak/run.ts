/**
 * The long runs that do not belong in a test. Ends with status 1 where a promise was broken.
 *
 *     npm run soak                 # all of them
 *     npm run soak -- rate-limits  # those named
 */
import { inspect } from 'node:util';

import { faults } from './faults.ts';
import { fuzz } from './fuzz.ts';
import { idleStreams, live } from './live.ts';
import type { SoakPart } from './part.ts';
import { rateLimits } from './rate-limits.ts';
import { twoWays } from './two-ways.ts';

const parts: readonly SoakPart[] = [rateLimits, faults, fuzz, twoWays, live, idleStreams];

const names = process.argv.slice(2);
const unknown = names.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  const known = parts.map(({ name, description }) => `  ${name}: ${description}`).join('\n');
  console.error(`There is no run named ${unknown.join(', ')}. There are:\n${known}`);
  process.exit(2);
}

/** Lists so many violations of a part at most: one cause can have thousands. */
const maxListed = 20;

const conclusions: string[] = [];
for (const part of parts) {
  if (names.length > 0 && !names.includes(part.name)) continue;
  console.log(`${part.name}: ${part.description}`);
  const { summary, violations } = await part.run().catch((error: unknown) => ({
    summary: [],
    violations: [`it could not be run to its end: ${inspect(error)}`],
  }));
  for (const line of summary) console.log(`  ${line}`);
  for (const line of violations.slice(0, maxListed)) console.log(`  VIOLATION: ${line}`);
  const kept = violations.length === 0;
  conclusions.push(`${part.name}: ${kept ? 'kept' : `broken, ${violations.length} violations`}`);
  if (!kept) process.exitCode = 1;
}
console.log(`\n${conclusions.join('\n')}`);
