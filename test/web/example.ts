import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';

/** `npm run example`, on ports of its own, with the page as it is deployed. */
export interface Example {
  readonly pageUrl: string;
  /** Stops the gateway, or starts it again; resolves once it has. */
  switchGateway(): Promise<void>;
  /** Resolves with the exit code, and what was printed. */
  end(): Promise<{ readonly code: number | null; readonly printed: string }>;
}

/** @throws Error with what it printed, where it ends before there is a page to open. */
export async function startExample(): Promise<Example> {
  const pagePort = await freePort();
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/web/main.ts', '--built'], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], PORT: '0', PAGE_PORT: pagePort },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close').then(([code]) => code as number | null);
  let printed = '';
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => (printed += `${line}\n`));

  function said(words: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      lines.on('line', (line) => {
        const [, found] = words.exec(line) ?? [];
        if (found !== undefined) resolve(found);
      });
      void closed.then(() => {
        reject(new Error(`The example ended: ${printed}`));
      });
    });
  }

  return {
    pageUrl: await said(/Open {2}(http\S+)/),
    async switchGateway() {
      const switched = said(/(The gateway is (?:back|stopped))/);
      child.stdin.write('s\n');
      await switched;
    },
    async end() {
      child.kill('SIGINT');
      return { code: await closed, printed };
    },
  };
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
