// Starts a gateway with the given command, in front of its sandbox, and asks it once.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, {
  env: { ...process.env, PORT: '0', SHUTDOWN_DRAIN_MS: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
  // `npx` and the like start the gateway as a process of their own.
  detached: true,
});
const deadline = setTimeout(() => {
  console.error(`${command} has not answered within a minute.`);
  process.kill(-child.pid, 'SIGKILL');
  process.exit(1);
}, 60_000);

const url = await new Promise((resolve, reject) => {
  createInterface(child.stdout).on('line', (line) => {
    const [, address] = /"url":"(http[^"]+)"/.exec(line) ?? [];
    if (address !== undefined) resolve(address);
  });
  child.on('error', reject);
  child.on('exit', (code) => reject(new Error(`${command} ended with ${code}.`)));
});
const response = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ executionContext(id: "ctx_123") { __typename } }' }),
});
const { data } = await response.json();
clearTimeout(deadline);
child.removeAllListeners('exit');
process.kill(-child.pid, 'SIGTERM');
if (data?.executionContext?.__typename !== 'ExecutionContextAuthenticationError') {
  console.error(`${command} answered HTTP ${response.status} with`, data);
  process.exit(1);
}
