import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { bootScript } from './boot-script.ts';

/** A content coding in which the bundle is served. */
export type ContentEncoding = 'br' | 'gzip' | 'identity';

/** One file of the bundle. It is compressed at the first request, and the result is kept. */
export interface GraphiQLAsset {
  readonly contentType: string;
  encode(encoding: ContentEncoding): Promise<Uint8Array<ArrayBuffer>>;
}

/** The files of GraphiQL. */
export interface GraphiQLBundle {
  /** The first 16 hex digits of the SHA-256 of all files; part of their URLs. */
  readonly digest: string;
  readonly assets: ReadonlyMap<string, GraphiQLAsset>;
}

/**
 * GraphiQL 5 leaves a wrong offset on its draggable tabs, which shows once a tab has the focus: the
 * first press moves the tab away from the pointer, and the click is lost.
 */
const stillTabs = '\n.graphiql-tab { transform: none !important }\n';

/**
 * GraphiQL's tabs do not shrink, so that the active one can be out of sight, and its title breaks into
 * two lines in a narrow window. Here they shrink as a browser's tabs do.
 */
const sessionHeader = /* CSS */ `
.graphiql-container .graphiql-tabs { flex: 0 1 auto; }
.graphiql-container .graphiql-tab { flex-shrink: 1; min-width: 4.5rem; }
.graphiql-container .graphiql-tab-active { flex-shrink: 0; }
.graphiql-container .graphiql-tab-button { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.graphiql-container .graphiql-tab-add,
.graphiql-container .graphiql-logo { flex-shrink: 0; white-space: nowrap; }
.graphiql-container .graphiql-logo:has(.people) svg,
.graphiql-container .graphiql-logo:has(.people) div > div { display: none !important; }
.people { display: flex; align-items: center; gap: 2px; font-size: var(--font-size-body); }
.people > * { padding: 2px 8px; }
.people a { border-radius: 4px; color: hsl(var(--color-neutral)); text-decoration: none; }
.people a:hover { background: hsla(var(--color-neutral), var(--alpha-background-medium)); }
.people a[aria-current] { background: hsl(var(--color-primary)); color: hsl(var(--color-base)); }
`;

/** Otherwise the search field of the documentation cuts off its hint, `Ctrl Alt K`. */
const docsSearch = `
.graphiql-doc-explorer-search input[role='combobox'] { min-width: 6rem; }
`;

/**
 * GraphiQL shows its panes side by side at any width; on a phone the response would be one letter wide.
 * Here narrow windows show the panes one above the other with the tools below; the documentation covers
 * them while it is open.
 */
const phoneLayout = /* CSS */ `
@media (max-width: 700px) {
  .graphiql-container { flex-direction: column-reverse; }
  .graphiql-container .graphiql-sidebar { flex-direction: row; width: 100%; }
  .graphiql-container .graphiql-sidebar > [style*='margin-top'] {
    margin-top: 0 !important;
    margin-left: auto;
  }
  .graphiql-container .graphiql-main {
    position: relative; flex: 1; min-width: 0; min-height: 0; flex-direction: column;
    /* The lines of a long response would lie over the tools, unseen, and take what is pressed there. */
    overflow: hidden;
  }
  .graphiql-container .graphiql-plugin:not(:empty) {
    position: absolute; inset: 0; z-index: 10; background: hsl(var(--color-base)); border: none;
  }
  .graphiql-container .graphiql-sessions { margin: 0; min-width: 0; min-height: 0; }
  .graphiql-container :has(> .graphiql-response) { flex-direction: column; min-height: 0; }
  .graphiql-container .graphiql-editors { flex: 3 1 0% !important; min-height: 0; }
  .graphiql-container .graphiql-response { flex: 2 1 0% !important; min-height: 0; }
  .graphiql-container .graphiql-horizontal-drag-bar,
  .graphiql-container .graphiql-logo:not(:has(.people)) { display: none; }
  .graphiql-container .graphiql-session-header { flex-wrap: wrap; height: auto; }
  .graphiql-container .graphiql-session-header:has(.people) { padding-top: 4px; row-gap: 2px; }
  .graphiql-container .graphiql-logo { order: -1; flex-basis: 100%; margin: 0; }
  .graphiql-container .graphiql-tabs { flex: 1 1 0; }
  .graphiql-container .graphiql-tab { flex-shrink: 0; }
  .graphiql-dialog .graphiql-dialog-section { flex-wrap: wrap; row-gap: 12px; }
  .graphiql-dialog .graphiql-dialog-section > :not(:first-child) { margin-left: 0; }
}
`;

const layout = stillTabs + sessionHeader + docsSearch + phoneLayout;

const javascript = 'text/javascript; charset=utf-8';

/**
 * Loads GraphiQL as separate files. `@graphql-yoga/render-graphiql` renders one page of 9 MB with the
 * options inlined, which cannot be cached. The parts are strings of a module that is imported only here,
 * because that takes some 0.1 s and 50 MB.
 */
export async function loadBundle(): Promise<GraphiQLBundle> {
  const parts = await import('@graphql-yoga/render-graphiql/graphiql');
  const sources: readonly (readonly [name: string, contentType: string, source: string])[] = [
    ['boot.js', javascript, bootScript],
    ['graphiql.js', javascript, parts.js],
    ['graphiql.css', 'text/css; charset=utf-8', parts.css + layout],
    ['editor.worker.js', javascript, parts.editorWorkerService],
    ['graphql.worker.js', javascript, parts.graphqlWorker],
    ['json.worker.js', javascript, parts.jsonWorker],
  ];
  const hash = createHash('sha256');
  for (const [name, , source] of sources) hash.update(`${name}\0${source}\0`);
  return {
    digest: hash.digest('hex').slice(0, 16),
    assets: new Map(
      sources.map(([name, contentType, source]) => [name, createAsset(contentType, source)]),
    ),
  };
}

function createAsset(contentType: string, source: string): GraphiQLAsset {
  const compressed = new Map<ContentEncoding, Promise<Uint8Array<ArrayBuffer>>>();
  return {
    contentType,
    encode(encoding) {
      // Not kept: few clients accept no compression, and the source is in memory already.
      if (encoding === 'identity') return Promise.resolve(Buffer.from(source));
      const bytes = compressed.get(encoding) ?? compress[encoding](Buffer.from(source));
      compressed.set(encoding, bytes);
      return bytes;
    },
  };
}

const brotli = promisify<Buffer, object, Uint8Array<ArrayBuffer>>(brotliCompress);
const deflate = promisify<Buffer, object, Uint8Array<ArrayBuffer>>(gzip);

/** Both run in the thread pool. Brotli's quality 5 takes a third of the time of 9, for 4% more bytes. */
const compress = {
  br: (bytes: Buffer) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes: Buffer) => deflate(bytes, { level: 6 }),
};
