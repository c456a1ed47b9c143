import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { expect, it } from 'vitest';

const tsx = new URL('../../node_modules/.bin/tsx', import.meta.url);
const main = new URL('../../examples/supergraph/main.ts', import.meta.url);

it('npm run supergraph prints a curl line that works as it stands, and ends on SIGTERM', async () => {
  const example = spawn(tsx.pathname, [main.pathname], {
    env: { ...process.env, SUPERGRAPH_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const curl = await new Promise<string>((resolve, reject) => {
      example.once('exit', (code) => {
        reject(new Error(`The example ended with code ${code ?? 'none'}.`));
      });
      // Read to its end: a pipe that nobody reads would stop the example.
      createInterface({ input: example.stdout }).on('line', (line) => {
        if (line.startsWith('  curl ')) resolve(line);
      });
    });
    const { stdout } = await promisify(execFile)('sh', ['-c', curl]);
    const answer = JSON.parse(stdout) as {
      readonly data: { readonly conversations: readonly unknown[] };
    };
    expect(answer).not.toHaveProperty('errors');
    expect(answer.data.conversations).toHaveLength(4);
    expect(answer.data.conversations).toContainEqual({
      title: 'The export stops at 10,000 rows',
      executionContext: {
        id: 'ctx_support',
        context: expect.objectContaining({ ticket: 'T-20417' }) as unknown,
      },
    });
    expect(answer.data.conversations).toContainEqual({
      title: 'How will the quarter close?',
      executionContext: { id: 'ctx_bob_forecast', context: null },
    });
  } finally {
    const exited = once(example, 'exit');
    example.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  }
}, 60_000);
