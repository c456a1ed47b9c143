import { setFlagsFromString } from 'node:v8';

import { startApplication } from './application.ts';
import { readConfig } from './config.ts';
import { ConfigurationError } from './environment.ts';
import { ListenError } from './doors/node/listening-server.ts';
import { UnusableRedisError } from './shared-state/redis-failure.ts';
import { endOnSignal } from './shutdown.ts';
import { createLogger } from './telemetry/logger.ts';

// Where many objects of one allocation site survive a scavenge, as those of waiting requests do, V8 starts
// to allocate the objects of that site in the old generation. There they keep everything they refer to
// alive, whole requests, long after the response: under load a fifth of all that is allocated.
setFlagsFromString('--no-allocation-site-pretenuring');

// If the reader of the output closes it, the process goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  const config = readConfig(process.env);
  const logger = createLogger({ level: config.logLevel });

  // The state of the process is unknown after such an error. It logs why and exits; restarting it is the
  // task of the orchestrator.
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
    // With PORT=0 the address is printed whatever the log level: it cannot be known otherwise.
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
