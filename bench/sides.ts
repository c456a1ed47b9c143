import { fileURLToPath } from 'node:url';

/** How a side is asked and what it answers. */
export type Protocol =
  /** GraphQL over HTTP. */
  | 'graphql'
  /** The same requests; answers with what stands below `data.<field>`, without `__typename`. */
  | 'record'
  /** The REST API's own requests and answers. */
  | 'rest';

/** One of the programs that are compared. */
export interface Side {
  readonly name: string;
  readonly title: string;
  readonly program: string;
  readonly protocol: Protocol;
  /** Takes the gateway's settings, and limits its users. */
  readonly isGateway: boolean;
  readonly needsRedis: boolean;
}

const root = fileURLToPath(new URL('..', import.meta.url));

/** The compiled program of bench/servers with this name. */
export function serverProgram(name: string): string {
  return `${root}bench/dist/${name}.js`;
}

function gateway(name: string, title: string, needsRedis: boolean): Side {
  const program = `${root}dist/main.js`;
  return { name, title, program, protocol: 'graphql', isGateway: true, needsRedis };
}

function server(name: string, title: string, protocol: Protocol = 'graphql'): Side {
  const program = serverProgram(name);
  return { name, title, program, protocol, isGateway: false, needsRedis: false };
}

export const floorName = 'floor';

/** In the order in which they take turns: the gateway beside the floor. */
export const sides: readonly Side[] = [
  server(floorName, 'Floor (node:http, undici `request`)', 'record'),
  gateway('gateway', 'Gateway, limits in memory', false),
  gateway('gateway-redis', 'Gateway, limits in Redis', true),
  server('floor-dispatch', 'Floor with undici `dispatch`', 'record'),
  server('pass-through', 'Reverse proxy that parses nothing', 'rest'),
  server('mercurius', 'Mercurius with jit, undici'),
  server('apollo-server', 'Apollo Server, RESTDataSource'),
  server('yoga', 'Yoga as it comes, `fetch`'),
];
