import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** What an editor is told of one place in a file. */
export interface Diagnostic {
  readonly message: string;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
}

/** An editor, as far as a language server can tell. */
export interface LanguageClient extends AsyncDisposable {
  /** Opens a file and waits for what the server says of it. */
  open(uri: string, text: string): Promise<readonly Diagnostic[]>;
  request(method: string, params: object): Promise<unknown>;
}

/**
 * Starts a language server that talks over its standard streams, as the Language Server Protocol 3.17
 * frames messages, and initializes it.
 *
 * @param script - Run by Node, in `directory`.
 * @throws Error where the server ends instead.
 */
export async function startLanguageClient(
  script: string,
  directory: string,
): Promise<LanguageClient> {
  const server = spawn(process.execPath, [script], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = new Map<number, (result: unknown) => void>();
  const published = new Map<string, (diagnostics: readonly Diagnostic[]) => void>();
  let received = Buffer.alloc(0);
  let requests = 0;

  function send(message: Message): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  function receive({ id, method, params, result }: Message): void {
    if (method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = params as { uri: string; diagnostics: readonly Diagnostic[] };
      published.get(uri)?.(diagnostics);
    } else if (method === 'workspace/configuration' && id !== undefined) {
      // An editor without settings of its own.
      send({ id, result: [{}] });
    } else if (method === undefined && id !== undefined) {
      answers.get(id)?.(result);
    }
  }

  server.stdout.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const header = /^Content-Length: (\d+)\r\n\r\n/.exec(received.toString('latin1'));
      if (header === null) return;
      const from = header[0].length;
      const to = from + Number(header[1]);
      if (received.length < to) return;
      receive(JSON.parse(received.toString('utf8', from, to)) as Message);
      received = received.subarray(to);
    }
  });

  function request(method: string, params: object): Promise<unknown> {
    requests += 1;
    const id = requests;
    return new Promise((resolve) => {
      answers.set(id, resolve);
      send({ id, method, params });
    });
  }

  const exited = once(server, 'exit').then(() => false);
  const client = { processId: process.pid, rootPath: directory, capabilities: {} };
  const initialized = request('initialize', client).then(() => true);
  if (!(await Promise.race([initialized, exited]))) throw new Error(`${script} has ended.`);
  send({ method: 'initialized', params: {} });
  return {
    request,
    open: (uri, text) =>
      new Promise((resolve) => {
        published.set(uri, resolve);
        const textDocument = { uri, languageId: 'graphql', version: 1, text };
        send({ method: 'textDocument/didOpen', params: { textDocument } });
      }),
    async [Symbol.asyncDispose]() {
      server.kill();
      await exited;
    },
  };
}
