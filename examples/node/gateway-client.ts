import { execFileSync } from 'node:child_process';

import type { TypedDocumentString } from './generated/graphql.ts';

const url = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:4000/graphql';

/**
 * Runs one operation.
 *
 * @throws Error where there is no result: the gateway cannot be reached, or it answers with
 * top-level errors, which mean a malformed request or a bug. Outcomes of the operation are data.
 */
export async function execute<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json',
      authorization: `Bearer ${token()}`,
    },
    body: JSON.stringify({ query: document.toString(), variables }),
  }).catch((cause: unknown) => {
    throw new Error(`No gateway answers at ${url}: run npm start, or set GATEWAY_URL`, { cause });
  });
  const { data, errors } = (await response.json()) as GraphQLResponse<Result>;
  if (data) return data;
  throw new Error(errors?.map(({ message }) => message).join(' ') ?? `HTTP ${response.status}`);
}

interface GraphQLResponse<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** `TOKEN` where it is set, else one that the sandbox takes for alice. */
function token(): string {
  return (
    process.env['TOKEN'] ??
    execFileSync('npm', ['run', '--silent', 'token', 'alice'], { encoding: 'utf8' }).trim()
  );
}
