import { setFlagsFromString } from 'node:v8';

import { startApplication } from './application.ts';
import { readConfig } from './config.ts';
import { ConfigurationError } from './environment.ts';
import { ListenError } from './doors/node/listening-server.ts';
import { UnusableRedisError } from './shared-state/redis-failure.ts';
import { endOnSignal } from './shutdown.ts';
import { createLogger } from './telemetry/logger.ts';

// Where much of what a place in the code allocates is alive at a scavenge, as with requests that wait,
// V8 comes to allocate there in the old generation. What it puts there keeps all that it refers to from
// the scavenges, whole requests, long after they are answered: a fifth of everything under load.
setFlagsFromString('--no-allocation-site-pretenuring');

// The greeting and the address are for whoever reads them: nobody has to.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.logLevel });

  // A process whose state nobody knows must not limp on: it says why and leaves the restart to
  // whoever runs it.
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, event);
      process.exit(1);
    });
  }

  for (const warning of config.warnings) logger.warn(warning);
  const starting = startApplication({ config, logger });
  endOnSignal({ application: starting, logger });
  const application = await starting;
  if (config.upstream === null) {
    const { sandboxGreeting } = await import('./sandbox/greeting.ts');
    process.stdout.write(await sandboxGreeting(application.url, config.graphiql));
  } else if (config.port === 0 && !logger.isLevelEnabled('info')) {
    // Whoever asked for any free port has to learn which, however little else they want to read.
    process.stdout.write(`${application.url}/graphql\n`);
  }
  logger.info({ url: `${application.url}/graphql` }, 'listening');
} catch (error) {
  const isExplained =
    error instanceof ConfigurationError ||
    error instanceof ListenError ||
    error instanceof UnusableRedisError;
  if (!isExplained) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
