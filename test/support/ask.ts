export interface GraphQLAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test knows what it asked for
  readonly body: any;
}

export interface AskOptions {
  /** The `authorization` header's token. @default none */
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends one operation to the GraphQL server at `url` (without its path), as a client would. */
export async function askGraphQL(
  url: string,
  query: string,
  variables: object = {},
  { token, headers }: AskOptions = {},
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const body: unknown = JSON.parse(text);
  return { status: response.status, headers: response.headers, body };
}

/**
 * The data of an answer without top-level errors.
 *
 * @throws Error with the whole body for any other answer.
 */
export function dataOf({ status, body }: GraphQLAnswer): unknown {
  const { data, errors } = body as { data?: unknown; errors?: unknown };
  if (status === 200 && errors === undefined) return data;
  throw new Error(`Data was expected, not HTTP ${status} with ${JSON.stringify(body)}`);
}
