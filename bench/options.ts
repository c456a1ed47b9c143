import { parseArgs } from 'node:util';

import { operationNames, type OperationName } from './cases.ts';
import { sides, type Side } from './sides.ts';

export interface Options {
  readonly sides: readonly Side[];
  /** Sizes of a context's state, in kB. */
  readonly sizes: readonly number[];
  readonly operations: readonly OperationName[];
  readonly rounds: number;
  /** How many processes of each side share the rounds. */
  readonly processes: number;
  readonly sliceMs: number;
  /**
   * For how long each process first runs each operation, uncounted, in milliseconds. V8 compiles what has
   * run often: a side with more code needs more requests before its time no longer falls.
   */
  readonly warmUpMs: number;
  /** Users, each with a token and a context of their own. */
  readonly users: number;
  /** Requests under way at once; fewer for large contexts. */
  readonly connections: number;
  /** Texts in the contexts have characters outside ASCII. */
  readonly nonAscii: boolean;
  /** The gateway's. */
  readonly logLevel: string;
  /** Whether promises and the start are measured, too. */
  readonly extras: boolean;
  /** Whether `RESULTS.md` is written. */
  readonly write: boolean;
  readonly mode: 'compare' | 'profile' | 'soak-rss';
  readonly soakMinutes: number;
}

export const usage = `Usage: npm run bench -- [flags]

  --quick               two short rounds, for a first impression
  --sides A,B           ${sides.map(({ name }) => name).join(',')}
  --sizes A,B           kB of a context's state (0.6,20,500)
  --operations A,B      ${operationNames.join(',')} (the list only at the first size)
  --rounds N            measured rounds (9)
  --processes N         processes of each side, one after the other, that share the rounds (3)
  --slice-ms N          how long one side is measured at a time (1000)
  --warm-up-ms N        for how long a process first runs each operation, uncounted (4000)
  --users N             users with tokens and contexts (3000; soak: 10000)
  --connections N       requests at once (32)
  --non-ascii           texts outside ASCII in the contexts
  --log-level LEVEL     of the gateway (info)
  --no-extras           neither promises nor start-up times
  --write               write bench/RESULTS.md
  --profile             CPU profile of the sides (the gateway unless --sides says otherwise)
  --soak-rss MINUTES    whether the sides' resident memory stays flat (the gateway, likewise)
`;

/** @throws Error for a flag, a name or a number that is not understood. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      sides: { type: 'string' },
      sizes: { type: 'string', default: '0.6,20,500' },
      operations: { type: 'string', default: operationNames.join(',') },
      rounds: { type: 'string' },
      processes: { type: 'string' },
      'slice-ms': { type: 'string' },
      'warm-up-ms': { type: 'string' },
      users: { type: 'string' },
      connections: { type: 'string', default: '32' },
      'non-ascii': { type: 'boolean', default: false },
      'log-level': { type: 'string', default: 'info' },
      extras: { type: 'boolean', default: true },
      write: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      'soak-rss': { type: 'string' },
    },
  });
  const soak = values['soak-rss'];
  const mode = values.profile ? 'profile' : soak === undefined ? 'compare' : 'soak-rss';
  const everySide = sides.map(({ name }) => name).join(',');
  const chosen = values.sides ?? (mode === 'compare' ? everySide : 'gateway');
  return {
    sides: list(chosen).map((name) => named('--sides', name, sides)),
    sizes: list(values.sizes).map((size) => positive('--sizes', size)),
    operations: list(values.operations).map(
      (name) =>
        named(
          '--operations',
          name,
          operationNames.map((operation) => ({ name: operation })),
        ).name,
    ),
    rounds: Math.ceil(positive('--rounds', values.rounds ?? (values.quick ? '2' : '9'))),
    processes: Math.ceil(positive('--processes', values.processes ?? (values.quick ? '1' : '3'))),
    sliceMs: positive('--slice-ms', values['slice-ms'] ?? (values.quick ? '300' : '1000')),
    warmUpMs: positive('--warm-up-ms', values['warm-up-ms'] ?? (values.quick ? '300' : '4000')),
    users: Math.ceil(positive('--users', values.users ?? (mode === 'soak-rss' ? '10000' : '3000'))),
    connections: Math.ceil(positive('--connections', values.connections)),
    nonAscii: values['non-ascii'],
    logLevel: values['log-level'],
    extras: values.extras,
    write: values.write,
    mode,
    soakMinutes: positive('--soak-rss', soak ?? '10'),
  };
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function positive(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new Error(`${flag} takes positive numbers, not ${text}.`);
}

function named<T extends { readonly name: string }>(
  flag: string,
  name: string,
  known: readonly T[],
): T {
  const found = known.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new Error(`${flag} knows ${known.map((each) => each.name).join(', ')}, not ${name}.`);
}
