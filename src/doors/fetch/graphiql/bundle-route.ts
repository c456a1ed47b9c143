import { preferred } from '../../../engine/negotiation.ts';
import { securityHeaders } from './answer.ts';
import type { Answer } from './answer.ts';
import { loadBundle } from './bundle.ts';
import type { GraphiQLBundle } from './bundle.ts';

const oneYearS = 31_536_000;

/** Serves the bundle's files at `<digest>/<name>`. The bundle is loaded at the first request. */
export function createBundleRoute() {
  let loading: Promise<GraphiQLBundle> | undefined;
  const bundle = (): Promise<GraphiQLBundle> => (loading ??= loadBundle());

  return {
    digest: async (): Promise<string> => (await bundle()).digest,

    async answer(request: Request, path: string): Promise<Answer> {
      const { digest, assets } = await bundle();
      const asset = path.startsWith(`${digest}/`)
        ? assets.get(path.slice(digest.length + 1))
        : undefined;
      if (asset === undefined) return missing;

      const encoding = preferred(request.headers.get('accept-encoding'), ['br', 'gzip']);
      // Weak, because it is the same for all encodings of a file (RFC 9110, section 8.8.1).
      const etag = `W/"${digest}"`;
      const headers = {
        ...securityHeaders,
        'cache-control': `public, max-age=${oneYearS}, immutable`,
        etag,
        vary: 'accept-encoding',
      };
      if (request.headers.get('if-none-match')?.includes(`"${digest}"`) === true) {
        return { status: 304, headers, body: null };
      }
      const body = await asset.encode(encoding ?? 'identity');
      return {
        status: 200,
        headers: {
          ...headers,
          'content-type': asset.contentType,
          'content-length': String(body.byteLength),
          ...(encoding !== undefined && { 'content-encoding': encoding }),
        },
        body,
      };
    },
  };
}

/** The response to a page of an earlier version, which is still open in a browser. */
const missing: Answer = {
  status: 404,
  headers: {
    ...securityHeaders,
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
  },
  body: 'No such file: GraphiQL has changed since this page was opened. Reload it.\n',
};
