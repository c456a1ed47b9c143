import { mintSandboxToken } from './identity.ts';

const usage = `Usage: npm run -s token NAME

Prints a session token for NAME, valid for 30 days, that the gateway takes while it runs against
its sandbox. Contexts of alice and bob are there from the start; admin may touch all of them.
`;

const [name, ...rest] = process.argv.slice(2);

if (name === undefined || name === '' || name.startsWith('-') || rest.length > 0) {
  process.stderr.write(usage);
  process.exitCode = 1;
} else {
  process.stdout.write(`${await mintSandboxToken(name)}\n`);
}
