import type { Comparison, SideSlices } from './compare.ts';
import type { Extras } from './extras.ts';
import type { Options } from './options.ts';
import type { Piece } from './pieces.ts';
import { floorName } from './sides.ts';
import { connectionsFor, type Slice } from './slices.ts';
import { median, paired, spread } from './statistics.ts';

export interface Report {
  readonly options: Options;
  readonly machine: readonly string[];
  readonly comparisons: readonly Comparison[];
  readonly extras: readonly Extras[];
  readonly pieces: readonly Piece[];
}

/** The results as Markdown. */
export function toMarkdown({ options, machine, comparisons, extras, pieces }: Report): string {
  const { rounds, processes, sliceMs, users, nonAscii, connections, logLevel } = options;
  const day = new Date().toISOString().slice(0, 10);
  const texts = nonAscii ? 'texts outside ASCII' : 'ASCII texts';
  return [
    `Measured on ${day}, ${rounds} rounds with slices of ${sliceMs} ms, sides in turn, ` +
      `${Math.min(processes, rounds)} processes of each side one after the other.`,
    '',
    ...machine.map((line) => `- ${line}`),
    `- ${users} users, each with a token and a context; ${texts}; the gateway logs at \`${logLevel}\``,
    '',
    'CPU is the user and system time of the measured process a request, all its threads. × is the',
    "median of the rounds' ratios to the floor's slice of the same round, with the range of the middle",
    '60 % of them. Busy is CPU by wall time: well below 100 %, load and upstream were the narrower place,',
    'and requests a second are theirs. RSS is the median at the end of the slices.',
    ...comparisons.flatMap(({ asked, sides }) => [
      '',
      `### ${asked.title}, ${connectionsFor(asked, connections)} connections`,
      '',
      ...table(comparisonHeader, comparisonRows(sides)),
    ]),
    ...(extras.length === 0 ? [] : ['', '### Promises and start-up', '', ...extrasTable(extras)]),
    ...(pieces.length === 0
      ? []
      : ['', '### Versions, merges and locks', '', ...piecesTable(pieces)]),
    '',
  ].join('\n');
}

const comparisonHeader = [
  'side',
  'CPU µs (user + system)',
  '× floor',
  'requests/s',
  'p50 ms',
  'p99 ms',
  'p99 × floor',
  'RSS MB',
  'busy',
];

function comparisonRows(sides: readonly SideSlices[]): string[][] {
  const floor = sides.find(({ side }) => side.name === floorName)?.slices;
  return sides.map(({ side, slices }) => {
    const of = (read: (slice: Slice) => number) => median(slices.map(read));
    const cpu = of(cpuUs).toFixed(0);
    const parts = `${of(({ userUs }) => userUs).toFixed(0)} + ${of(({ systemUs }) => systemUs).toFixed(0)}`;
    return [
      side.title,
      `${cpu} (${parts})`,
      ratio(slices, floor, cpuUs),
      of(({ requestsPerSecond }) => requestsPerSecond).toFixed(0),
      of(({ p50Ms }) => p50Ms).toFixed(1),
      of(({ p99Ms }) => p99Ms).toFixed(1),
      ratio(slices, floor, ({ p99Ms }) => p99Ms),
      of(({ rssMb }) => rssMb).toFixed(0),
      `${(100 * of(({ busy }) => busy)).toFixed(0)} %`,
    ];
  });
}

const cpuUs = ({ userUs, systemUs }: Slice) => userUs + systemUs;

function ratio(
  slices: readonly Slice[],
  floor: readonly Slice[] | undefined,
  read: (slice: Slice) => number,
): string {
  if (floor === undefined) return '';
  const { median: middle, low, high } = spread(paired(slices.map(read), floor.map(read)));
  return slices === floor ? '1' : `**${middle.toFixed(2)}** [${low.toFixed(2)}-${high.toFixed(2)}]`;
}

function extrasTable(extras: readonly Extras[]): string[] {
  return table(
    ['side', 'promises a query', 'promises an update', 'start to first answer ms'],
    extras.map(({ side, promises, startMs }) => [
      side.title,
      promises.query.toFixed(1),
      promises.update.toFixed(1),
      startMs.toFixed(0),
    ]),
  );
}

function piecesTable(pieces: readonly Piece[]): string[] {
  return table(
    ['piece', 'µs'],
    pieces.map(({ title, us }) => [title, us.toFixed(2)]),
  );
}

/** Columns as wide as their widest cell, numbers to the right. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((name, column) =>
    Math.max(4, ...[header, ...rows].map((row) => (row[column] ?? name).length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join(' | ')} |`;
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(header), line(rule), ...rows.map(line)];
}
