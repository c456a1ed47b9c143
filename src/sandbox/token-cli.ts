import { mintSandboxToken } from './identity.ts';

const usage = `Usage: npm run -s token NAME

Prints a session token for NAME, valid for 30 days, which the gateway accepts while it uses its
sandbox. The sample data belongs to alice and bob; admin may access all of it.
`;

const [name, ...rest] = process.argv.slice(2);

if (name === undefined || name === '' || name.startsWith('-') || rest.length > 0) {
  process.stderr.write(usage);
  process.exitCode = 1;
} else {
  process.stdout.write(`${await mintSandboxToken(name)}\n`);
}
