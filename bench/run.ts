/**
 * What a request costs the gateway, beside a proxy written by hand and other GraphQL servers.
 *
 *     npm run bench                                            # everything
 *     npm run bench -- --quick --sides floor,gateway --sizes 0.6
 *     npm run bench -- --help
 */
import { existsSync } from 'node:fs';

import { casesOf, compare } from './compare.ts';
import { measureExtras } from './extras.ts';
import { measurePieces } from './pieces.ts';
import { describeMachine } from './machine.ts';
import { readOptions, usage, type Options } from './options.ts';
import { profile } from './profile.ts';
import { toMarkdown } from './report.ts';
import { writeResults } from './results-file.ts';
import { soakRss } from './soak-rss.ts';
import { startTestbed, type Testbed } from './testbed.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
let options: Options;
try {
  options = readOptions(args);
} catch (error) {
  console.error(`${(error as Error).message}\n\n${usage}`);
  process.exit(2);
}
const missing = options.sides.filter(({ program }) => !existsSync(program));
if (missing.length > 0) {
  console.error(`Not built: ${missing.map(({ program }) => program).join(', ')}`);
  process.exit(2);
}

const testbed = await startTestbed(options);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    console.error(`Ended by ${signal}.`);
    // Ends the children, too.
    process.exit(1);
  });
}
try {
  await {
    compare: compareAll,
    profile,
    'soak-rss': async (on: Testbed) => {
      if (!(await soakRss(on))) process.exitCode = 1;
    },
  }[options.mode](testbed);
} finally {
  await testbed.close();
}

async function compareAll(on: Testbed): Promise<void> {
  const comparisons = await compare(on, casesOf(options));
  const extras = options.extras ? await measureExtras(on) : [];
  const machine = describeMachine(on.cores);
  const pieces = options.extras ? measurePieces(options.sizes, options.nonAscii) : [];
  const markdown = toMarkdown({ options, machine, comparisons, extras, pieces });
  console.log(markdown);
  if (options.write) await writeResults(markdown);
}
