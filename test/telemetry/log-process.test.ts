import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

type Ending = 'exit' | 'throw' | 'nothing left to do';

interface LoggingProcess {
  readonly child: ChildProcess;
  /** What it says after it has logged its lines. */
  readonly logged: Promise<{ readonly longestTurnMs: number; readonly droppedLines: number }>;
  /** Lets it end, and tells with what and how long it took. */
  end(): Promise<{ readonly code: unknown; readonly tookMs: number }>;
}

/**
 * Where the process's files are as JavaScript: tsx, which could run them as they are, looks at
 * standard output first, and thereby makes a pipe non-blocking.
 */
let program: string;
beforeAll(() => {
  program = mkdtempSync(join(tmpdir(), 'logging-process-'));
  writeFileSync(join(program, 'package.json'), '{ "type": "module" }');
  symlinkSync(resolve('node_modules'), join(program, 'node_modules'));
  const sources = ['src/telemetry', 'src/json'].flatMap((folder) =>
    readdirSync(folder).map((name) => join(folder, name)),
  );
  for (const path of [...sources, 'test/telemetry/logging-process.ts']) {
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2023,
        rewriteRelativeImportExtensions: true,
        verbatimModuleSyntax: true,
      },
    });
    const target = join(program, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, outputText);
  }
});
afterAll(() => {
  rmSync(program, { recursive: true });
});

let folder: string;
let descriptors: number[];
let running: ChildProcess[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-process-'));
  descriptors = [];
  running = [];
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  descriptors.forEach(closeSync);
  rmSync(folder, { recursive: true });
});

function open(path: string, flags: number | string): number {
  const descriptor = openSync(path, flags);
  descriptors.push(descriptor);
  return descriptor;
}

/** A pipe: both ends of it. */
function openPipe(): { readonly reader: number; readonly writer: number } {
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: open(path, constants.O_WRONLY) };
}

function close(descriptor: number): void {
  descriptors = descriptors.filter((other) => other !== descriptor);
  closeSync(descriptor);
}

function startLogging(stdout: number | 'pipe', lines: number, ending: Ending): LoggingProcess {
  const args = [join(program, 'test/telemetry/logging-process.js'), String(lines), ending];
  const child = spawn(process.execPath, args, { stdio: ['pipe', stdout, 'pipe'] });
  running.push(child);
  const { stdin, stderr } = child;
  if (stdin === null || stderr === null) throw new Error('it was started without pipes');
  const ended = once(child, 'exit');
  let said = '';
  const logged = new Promise<Awaited<LoggingProcess['logged']>>((resolve, reject) => {
    stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.endsWith('}\n')) resolve(JSON.parse(said) as Awaited<LoggingProcess['logged']>);
    });
    child.once('exit', () => {
      reject(new Error(`It ended early: ${said}`));
    });
  });
  return {
    child,
    logged,
    async end() {
      const startedAt = performance.now();
      stdin.end();
      const [code] = (await ended) as unknown[];
      return { code, tookMs: performance.now() - startedAt };
    },
  };
}

/** Everything that is in a pipe now. */
function readAll(reader: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    try {
      const length = readSync(reader, chunk);
      if (length === 0) return text;
      text += chunk.toString('latin1', 0, length);
    } catch {
      return text;
    }
  }
}

interface Line {
  readonly level: string;
  readonly msg: string;
  readonly i?: number;
  readonly lines?: number;
}

function parse(text: string): Line[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

const endings: [Ending, number][] = [
  ['exit', 0],
  ['throw', 1],
  ['nothing left to do', 0],
];
/** 4 MB: more than any pipe and the buffer hold. */
const many = 25_000;

describe.each(endings)('a process that ends by %s', (ending, code) => {
  it('serves and ends though the reader of its log has stalled', async () => {
    const { writer } = openPipe();
    const logging = startLogging(writer, many, ending);
    const { longestTurnMs, droppedLines } = await logging.logged;
    expect(longestTurnMs).toBeLessThan(1000);
    expect(droppedLines).toBeGreaterThan(1000);
    const end = await logging.end();
    expect(end.code).toBe(code);
    expect(end.tookMs).toBeLessThan(1500);
  });

  it('serves and ends though the reader of its log is gone', async () => {
    const { reader, writer } = openPipe();
    close(reader);
    const logging = startLogging(writer, many, ending);
    expect((await logging.logged).longestTurnMs).toBeLessThan(1000);
    const end = await logging.end();
    expect(end.code).toBe(code);
    expect(end.tookMs).toBeLessThan(1500);
  });

  it.runIf(existsSync('/dev/full'))('serves and ends though the disk is full', async () => {
    const logging = startLogging(open('/dev/full', 'w'), many, ending);
    expect((await logging.logged).longestTurnMs).toBeLessThan(1000);
    const end = await logging.end();
    expect(end.code).toBe(code);
    expect(end.tookMs).toBeLessThan(1500);
  });

  it('has written all its lines, in order, before it ends', async () => {
    const path = join(folder, 'log');
    const logging = startLogging(open(path, 'w'), 2000, ending);
    await logging.logged;
    expect((await logging.end()).code).toBe(code);
    const lines = parse(readFileSync(path, 'utf8'));
    expect(lines.filter(({ msg }) => msg === 'line').map(({ i }) => i)).toEqual(
      Array.from({ length: 2000 }, (_, i) => i),
    );
    expect(lines.at(ending === 'throw' ? -2 : -1)).toMatchObject({ level: 'info', msg: 'last' });
    expect(lines.at(-1)?.level).toBe(ending === 'throw' ? 'fatal' : 'info');
  });
});

it('writes whole lines in order to a reader that comes back, and says how many are missing', async () => {
  const { reader, writer } = openPipe();
  const logging = startLogging(writer, many, 'exit');
  close(writer);
  const { droppedLines } = await logging.logged;
  let text = '';
  await expect
    .poll(() => (text += readAll(reader)), { timeout: 5000, interval: 20 })
    .toContain('log lines dropped');
  const ended = logging.end();
  await expect
    .poll(() => (text += readAll(reader)), { timeout: 5000, interval: 20 })
    .toContain('"last"');
  expect((await ended).code).toBe(0);

  const lines = parse(text);
  const numbers = lines.flatMap(({ msg, i = -1 }) => (msg === 'line' ? [i] : []));
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  const reports = lines.filter(({ msg }) => msg.startsWith('log lines dropped'));
  expect(reports).toMatchObject([{ level: 'warn', lines: droppedLines }]);
  expect(lines.at(-1)).toMatchObject({ msg: 'last' });
  const others = ['first', 'greeting', reports[0]?.msg, 'last'];
  expect(lines.length - others.length + droppedLines).toBe(many + many / 1000);
});

it('serves and ends though the other end of its socket does not read', async () => {
  const logging = startLogging('pipe', many, 'exit');
  const { longestTurnMs, droppedLines } = await logging.logged;
  expect(longestTurnMs).toBeLessThan(1000);
  expect(droppedLines).toBeGreaterThan(1000);
  const end = await logging.end();
  expect(end.code).toBe(0);
  expect(end.tookMs).toBeLessThan(1500);
});

it('does not spin while the reader of its log is gone', async () => {
  const { reader, writer } = openPipe();
  close(reader);
  const logging = startLogging(writer, 1000, 'exit');
  await logging.logged;
  const cpuTicks = (): number => {
    const stat = readFileSync(`/proc/${logging.child.pid ?? 0}/stat`, 'utf8').split(') ')[1] ?? '';
    const [user = 0, system = 0] = stat.split(' ').slice(11, 13).map(Number);
    return user + system;
  };
  if (existsSync('/proc/self/stat')) {
    const before = cpuTicks();
    await new Promise((resolve) => setTimeout(resolve, 500));
    // Of 50 ticks of 10 ms.
    expect(cpuTicks() - before).toBeLessThan(15);
  }
  expect((await logging.end()).code).toBe(0);
});
