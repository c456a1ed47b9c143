import { composeServices, compositionHasErrors } from '@theguild/federation-composition';
import { parse } from 'graphql';

export interface Subgraph {
  readonly name: string;
  /** Where it answers GraphQL. */
  readonly url: string;
  readonly sdl: string;
}

/**
 * The supergraph SDL of some subgraphs.
 *
 * @throws Error with everything that keeps them from composing.
 */
export function composeSupergraph(subgraphs: readonly Subgraph[]): string {
  const result = composeServices(
    subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) })),
  );
  if (compositionHasErrors(result)) {
    const messages = result.errors.map(({ message }) => message);
    throw new Error(`The subgraphs do not compose:\n${messages.join('\n')}`);
  }
  return result.supergraphSdl;
}

/**
 * A subgraph's SDL as composers fetch it: `_service` answers also where introspection is off.
 *
 * @throws Error where the subgraph cannot be reached or does not answer with its SDL.
 */
export async function fetchSubgraph(
  name: string,
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Subgraph> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  if (!response.ok) throw new Error(`Subgraph ${name} answers ${response.status} at ${url}.`);
  const { data } = (await response.json()) as { data?: { _service: { sdl: string } } };
  if (data === undefined) throw new Error(`Subgraph ${name} has no SDL at ${url}.`);
  return { name, url, sdl: data._service.sdl };
}
