import { startApplication, type ApplicationOptions } from '../../src/application.ts';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

/** The gateway as it runs with no setting at all, in front of its sandbox, on a free port. */
export interface SandboxGateway extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
}

export async function startSandboxGateway({
  sandboxUrl,
}: Pick<ApplicationOptions, 'sandboxUrl'> = {}): Promise<SandboxGateway> {
  const config = readConfig({ PORT: '0', SHUTDOWN_DRAIN_MS: '0' });
  const logger = createLogger({ level: 'silent' });
  const application = await startApplication({ config, logger, sandboxUrl });
  return { url: application.url, [Symbol.asyncDispose]: () => application.close() };
}
