import type { NodeRequest } from './node-request.ts';
import { notFound, refusals } from './refusal.ts';

export interface LandingOptions {
  /** Where GraphQL is, such as `/graphql`. */
  readonly endpoint: string;
  /** As whom GraphiQL can be opened, by the names it knows; none with a real upstream. */
  readonly people: readonly string[];
}

/** Only this page's own style is let in, by its place: there is no script. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const own = ['cache-control', 'no-store', 'content-security-policy', policy, 'vary', 'accept'];

/**
 * Answers a browser at `/` with a small page that leads to GraphiQL, the schema and the probes.
 *
 * @returns What answers a request for `/`.
 */
export function createLanding({ endpoint, people }: LandingOptions) {
  const page = renderLanding(endpoint, people);

  return (request: NodeRequest): Promise<void> => {
    const { method } = request.message;
    const isBrowser = /\btext\/html\b/i.test(request.headers.accept ?? '');
    // A program is told what it is told at any other path where there is nothing.
    if (!isBrowser) request.refuse(notFound(endpoint));
    else if (method !== 'GET' && method !== 'HEAD') request.refuse(refusals.readOnly);
    else {
      request.send(200, 'text/html; charset=utf-8', page, own);
    }
    return Promise.resolve();
  };
}

function renderLanding(endpoint: string, people: readonly string[]): string {
  const sdl = `${endpoint}?query=${encodeURIComponent('{ _service { sdl } }')}`;
  const named = people.map((name) => link(`${endpoint}?as=${name}`, `GraphiQL as ${name}`));
  const entries = [
    ...(named.length > 0 ? named : [link(endpoint, 'GraphiQL')]),
    link(sdl, 'Schema (the subgraph SDL, as JSON)'),
    link('/health', 'Health'),
    link('/ready', 'Readiness'),
    link('/metrics', 'Metrics'),
  ];
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Execution context gateway</title>
    <link rel="icon" href="data:,">
    <style>
      :root { color-scheme: light dark; }
      body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 4rem auto; padding: 0 1.5rem; }
      h1 { font-size: 1.5rem; }
      ul { list-style: none; padding: 0; }
      a { display: block; padding: 0.6rem 0; border-bottom: 1px solid color-mix(in srgb, currentcolor 20%, transparent); }
    </style>
  </head>
  <body>
    <h1>Execution context gateway</h1>
    <p>A GraphQL API for the state and the session of AI agents' runs, at <code>${endpoint}</code>.</p>
    <ul>
      ${entries.join('\n      ')}
    </ul>
  </body>
</html>
`;
}

/** Both come from the gateway itself. */
function link(href: string, text: string): string {
  return `<li><a href="${href}">${text}</a></li>`;
}
