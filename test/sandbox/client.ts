import { startSandbox } from '../../src/sandbox/server.ts';
import type { SandboxOptions } from '../../src/sandbox/server.ts';

export interface SandboxAnswer {
  readonly status: number;
  readonly text: string;
}

export interface SandboxClient {
  readonly url: string;
  /** `credential` null sends none; `path` is under the collection. */
  call(
    credential: string | null,
    method: string,
    path?: string,
    body?: string | Uint8Array<ArrayBuffer>,
  ): Promise<SandboxAnswer>;
  close(): Promise<void>;
}

/** A sandbox of the test's own, and a plain way to talk to it. */
export async function startSandboxClient(options?: SandboxOptions): Promise<SandboxClient> {
  const sandbox = await startSandbox(options);
  return {
    url: sandbox.url,
    async call(credential, method, path = '', body) {
      const answer = await fetch(`${sandbox.url}/ai-execution-context${path}`, {
        method,
        headers: credential === null ? {} : { authorization: `Bearer ${credential}` },
        ...(body !== undefined && { body }),
      });
      return { status: answer.status, text: await answer.text() };
    },
    close: () => sandbox.close(),
  };
}
