/**
 * A process that logs, for tests of what stands behind its standard output. Its arguments are how
 * many lines it logs, and how it ends once its standard input has ended. On standard error it says
 * when it has logged them, and how it went.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { createLogger } from '../../src/telemetry/logger.ts';

const [lines = '0', ending] = process.argv.slice(2);
const logger = createLogger({ level: 'info' });
process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'uncaughtException');
  process.exit(1);
});

logger.info('first');
// Others may write to standard output, too.
if (ending === 'exit') process.stdout.write('{"msg":"greeting"}\n');

let longestTurnMs = 0;
for (let i = 0; i < Number(lines); i += 1) {
  logger.info({ i, padding: '.'.repeat(100) }, 'line');
  if (i % 500 !== 499) continue;
  const startedAt = performance.now();
  if (i % 1000 === 999) logger.warn({ i }, 'urgent');
  await delay(5);
  longestTurnMs = Math.max(longestTurnMs, performance.now() - startedAt);
}
const droppedLines = logger.droppedLines();
process.stderr.write(`${JSON.stringify({ longestTurnMs, droppedLines })}\n`);

process.stdin.resume().once('end', () => {
  logger.info('last');
  if (ending === 'exit') process.exit(0);
  if (ending === 'throw') throw new Error('a bug');
});
