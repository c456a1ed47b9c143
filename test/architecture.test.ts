import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/**
 * The floors of src, from the ground up. A room (a folder with all below it that has no entry of
 * its own, or a file of src itself) imports from itself and from lower floors. CONTRIBUTING.md says
 * what each is for.
 */
const floors = [
  ['cancellation.ts', 'errors.ts', 'http.ts', 'http-client.ts', 'json/'],
  ['telemetry/'],
  ['rest/', 'identity/', 'rate-limit/'],
  ['shared-state/'],
  ['engine/'],
  ['schema/'],
  ['execution-contexts/'],
  ['doors/fetch/', 'doors/node/'],
  ['environment.ts', 'readiness.ts', 'failure-log.ts'],
  ['tracing-config.ts', 'parts.ts', 'front.ts'],
  ['config.ts'],
  ['gateway.ts'],
  ['sandbox/'],
  ['application.ts'],
  ['shutdown.ts'],
  ['main.ts', 'index.ts', 'write-schema.ts'],
];

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('src', name))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const imports = new Map(sources.map(({ path, text }) => [path, importsOf(path, text)]));

describe('the source', () => {
  it('has a floor for every room', () => {
    expect(sources.map(({ path }) => path).filter((path) => roomOf(path) === null)).toEqual([]);
  });

  it('has a room for every entry of the floor plan, and a word on it in CONTRIBUTING.md', () => {
    const rooms = new Set(sources.map(({ path }) => roomOf(path)));
    const contributing = readFileSync('CONTRIBUTING.md', 'utf8');
    const floorless = floors.flat().filter((room) => !rooms.has(room));
    expect(floorless).toEqual([]);
    const unmentioned = floors.flat().filter((room) => !contributing.includes(`\`${room}\``));
    expect(unmentioned).toEqual([]);
  });

  it('has every file that CONTRIBUTING.md names', () => {
    const named = readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/`((?:src|test)\/[\w./-]+)`/g);
    const missing = [...named].map(([, path = '']) => path).filter((path) => !existsSync(path));
    expect(missing).toEqual([]);
  });

  it('imports only from the same room and from lower floors', () => {
    const upward = [...imports].flatMap(([path, targets]) =>
      targets
        .filter((target) => roomOf(path) !== roomOf(target) && floorOf(path) <= floorOf(target))
        .map((target) => `${path} imports ${target}`),
    );
    expect(upward).toEqual([]);
  });

  it('has no import cycle', () => {
    // A plugin's global-types.ts holds nothing but types: it tells Pothos of the plugin that loads it.
    const files = [...imports].filter(([path]) => basename(path) !== 'global-types.ts');
    expect(findCycle(new Map(files))).toBeNull();
  });

  it('reaches into another package by its name, and into itself by paths that end in .ts', () => {
    const relative = [...imports.values()].flat();
    expect(relative.filter((path) => !imports.has(path))).toEqual([]);
  });

  it('names no resource in the kit, the engine and the ground: a second resource needs them too', () => {
    const resources = [
      'execution-contexts/',
      'gateway.ts',
      'application.ts',
      'parts.ts',
      'index.ts',
    ];
    const above = ['sandbox/', 'doors/node/landing.ts', 'doors/fetch/graphiql/', ...resources];
    const nouns = /execution[ -]?contexts?/i;
    // The product's own name: in the user agent, in keys of a shared Redis, in its specification's URL.
    const product = /execution-context-gateway/g;
    const naming = sources
      .filter(({ path }) => !above.some((room) => path.startsWith(join('src', room))))
      .filter(({ path }) => path !== join('src', 'config.ts'))
      .filter(({ text }) => nouns.test(withoutComments(text).replace(product, '')));
    expect(naming.map(({ path }) => path)).toEqual([]);
  });

  it('has no file of a dozen lines that only one other needs', () => {
    const users = new Map<string, number>();
    for (const targets of imports.values()) {
      for (const target of new Set(targets)) users.set(target, (users.get(target) ?? 0) + 1);
    }
    const small = sources.filter(
      ({ path, text }) =>
        text.split('\n').length <= 13 && users.get(path) === 1 && basename(path) !== 'index.ts',
    );
    expect(small.map(({ path }) => path)).toEqual([]);
  });

  it('writes to no console: what it has to say goes through the logger', () => {
    const writers = sources.filter(({ text }) => text.includes('console.'));
    expect(writers.map(({ path }) => path)).toEqual([]);
  });
});

describe('the cycle finder', () => {
  it.each([
    ['nothing in a diamond', { a: ['b', 'c'], b: ['d'], c: ['d'], d: [] }, null],
    ['a loop behind a branch', { a: ['d', 'b'], b: ['c'], c: ['b'], d: [] }, ['b', 'c', 'b']],
    ['a file that imports itself', { a: ['a'] }, ['a', 'a']],
  ])('finds %s', (_, graph, cycle) => {
    expect(findCycle(new Map(Object.entries(graph)))).toEqual(cycle);
  });
});

/** The relative imports of a file, types and dynamic ones included, as paths from the root. */
function importsOf(path: string, text: string): string[] {
  return ts
    .preProcessFile(text)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => join(dirname(path), fileName));
}

/** The entry of the floor plan that a file belongs to: the longest, where several fit. */
function roomOf(path: string): string | null {
  const fitting = floors
    .flat()
    .filter((room) =>
      room.endsWith('/') ? path.startsWith(`src/${room}`) : path === `src/${room}`,
    );
  return fitting.sort((one, other) => other.length - one.length)[0] ?? null;
}

function floorOf(path: string): number {
  return floors.findIndex((rooms) => rooms.includes(roomOf(path) ?? ''));
}

/** Some way from a file back to itself; `null` where there is none. */
function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const done = new Set<string>();

  function search(path: string, way: readonly string[]): string[] | null {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return null;
    for (const target of graph.get(path) ?? []) {
      const cycle = search(target, [...way, path]);
      if (cycle !== null) return cycle;
    }
    done.add(path);
    return null;
  }

  for (const path of graph.keys()) {
    const cycle = search(path, []);
    if (cycle !== null) return cycle;
  }
  return null;
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
}
