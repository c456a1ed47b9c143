import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { bootScript } from './boot-script.ts';

export type ContentEncoding = 'br' | 'gzip' | 'identity';

/** One file of the bundle. It is compressed when first asked for, and the result is kept. */
export interface GraphiQLAsset {
  readonly contentType: string;
  encode(encoding: ContentEncoding): Promise<Uint8Array<ArrayBuffer>>;
}

export interface GraphiQLBundle {
  /** First 16 hex digits of the SHA-256 over every file: the part of the URLs that changes with them. */
  readonly digest: string;
  readonly assets: ReadonlyMap<string, GraphiQLAsset>;
}

/**
 * GraphiQL 5 leaves a wrong offset on its tabs, made to be dragged, and hides it until one has the
 * focus: the first press moves the tab away from under the pointer, and the click is lost.
 */
const stillTabs = '\n.graphiql-tab { transform: none !important }\n';

/**
 * GraphiQL lays its panes out side by side whatever the width; on a phone the response would be one
 * letter wide. There they stand one above the other, and the tools below them.
 */
const phoneLayout = /* CSS */ `
@media (max-width: 700px) {
  .graphiql-container { flex-direction: column-reverse; }
  .graphiql-container .graphiql-sidebar { flex-direction: row; width: 100%; }
  .graphiql-container .graphiql-sidebar > [style*='margin-top'] {
    margin-top: 0 !important;
    margin-left: auto;
  }
  .graphiql-container .graphiql-main { flex: 1; min-width: 0; min-height: 0; flex-direction: column; }
  .graphiql-container .graphiql-sessions { margin: 0; min-width: 0; min-height: 0; }
  .graphiql-container :has(> .graphiql-response) { flex-direction: column; min-height: 0; }
  .graphiql-container .graphiql-editors { flex: 3 1 0% !important; min-height: 0; }
  .graphiql-container .graphiql-response { flex: 2 1 0% !important; min-height: 0; }
  .graphiql-container .graphiql-horizontal-drag-bar,
  .graphiql-container .graphiql-logo { display: none; }
}
`;

const javascript = 'text/javascript; charset=utf-8';

/**
 * Takes GraphiQL apart into files. `@graphql-yoga/render-graphiql` ships it as one page of 9 MB
 * with the options inlined, which no cache could keep; its parts are strings of a module of their
 * own, which is only loaded here: it takes some 0.1 s and 50 MB.
 */
export async function loadBundle(): Promise<GraphiQLBundle> {
  const parts = await import('@graphql-yoga/render-graphiql/graphiql');
  const sources: readonly (readonly [name: string, contentType: string, source: string])[] = [
    ['boot.js', javascript, bootScript],
    ['graphiql.js', javascript, parts.js],
    ['graphiql.css', 'text/css; charset=utf-8', parts.css + stillTabs + phoneLayout],
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
      // Hardly any client asks for it, and the source is in memory as a string already.
      if (encoding === 'identity') return Promise.resolve(Buffer.from(source));
      const bytes = compressed.get(encoding) ?? compress[encoding](Buffer.from(source));
      compressed.set(encoding, bytes);
      return bytes;
    },
  };
}

const brotli = promisify<Buffer, object, Uint8Array<ArrayBuffer>>(brotliCompress);
const deflate = promisify<Buffer, object, Uint8Array<ArrayBuffer>>(gzip);

/** Both run in the thread pool. Brotli 5 takes a third of 9's time for 4% more bytes. */
const compress = {
  br: (bytes: Buffer) => brotli(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes: Buffer) => deflate(bytes, { level: 6 }),
};
