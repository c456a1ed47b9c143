import { preferred } from '../../engine/negotiation.ts';
import type { NodeRequest } from './node-request.ts';
import { answerProbe, type Probe } from './probes.ts';
import { notFound, refusals } from './refusal.ts';

/** A user as whom GraphiQL can be opened. */
export interface LandingPerson {
  /** The user's name in GraphiQL's `?as=`. */
  readonly name: string;
  /** What the user may do, in one sentence. */
  readonly about: string;
}

export interface LandingOptions {
  /** Where GraphQL is, such as `/graphql`. */
  readonly endpoint: string;
  /** Users with sample tokens. Empty with a real upstream, where users have their own tokens. */
  readonly people: readonly LandingPerson[];
  /** Returns the schema in SDL. Called at the first request for it. */
  readonly schema: () => string;
}

/** Allows only the inline style and the empty icon of this page, which has no script. */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
const own = ['cache-control', 'no-store', 'content-security-policy', policy, 'vary', 'accept'];

/**
 * Creates the page at `/` for browsers, which links to GraphiQL, the schema and the probes; and the
 * schema as text, which a browser displays.
 *
 * @returns The handlers of requests, by their paths.
 */
export function createLanding({ endpoint, people, schema }: LandingOptions) {
  const page = renderLanding(endpoint, people);
  let sdl: string | undefined;
  const schemaText: Probe = () => ({
    status: 200,
    contentType: 'text/plain; charset=utf-8',
    body: (sdl ??= schema()),
  });

  function answerPage(request: NodeRequest): Promise<void> {
    const { method } = request.message;
    const isBrowser = preferred(request.headers.accept, ['text/html']) !== undefined;
    // A client that does not ask for HTML gets the same response as at any unknown path.
    if (!isBrowser) request.refuse(notFound(endpoint));
    else if (method !== 'GET' && method !== 'HEAD') request.refuse(refusals.readOnly);
    else {
      request.send(200, 'text/html; charset=utf-8', page, own);
    }
    return Promise.resolve();
  }

  return new Map([
    ['/', answerPage],
    [schemaPath, (request: NodeRequest) => answerProbe(schemaText, request)],
  ]);
}

const schemaPath = '/schema.graphql';

interface Entry {
  readonly href: string;
  readonly title: string;
  readonly about: string;
}

function renderLanding(endpoint: string, people: readonly LandingPerson[]): string {
  const anybody: Entry = {
    href: endpoint,
    title: 'GraphiQL',
    about: 'Add a session token to its headers: <code>{ "authorization": "Bearer …" }</code>',
  };
  const graphiql = people.map(({ name, about }) => ({
    href: `${endpoint}?as=${name}`,
    title: `GraphiQL as ${name}`,
    about,
  }));
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Execution context gateway</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
  </head>
  <body>
    <main>
      <h1>Execution context gateway</h1>
      <p>A GraphQL API for the state and the sessions of the runs of AI agents, at <code>${endpoint}</code>.</p>
      <h2>Explore</h2>
      ${list(graphiql.length > 0 ? graphiql : [anybody])}
      <h2>For tools</h2>
      ${list([
        { href: schemaPath, title: 'Schema', about: 'All types with their limits, in SDL.' },
        { href: '/health', title: 'Health', about: 'Whether the process is alive.' },
        {
          href: '/ready',
          title: 'Readiness',
          about: 'Whether the gateway accepts requests, and what is degraded.',
        },
        { href: '/metrics', title: 'Metrics', about: 'In the text format of Prometheus.' },
      ])}
    </main>
  </body>
</html>
`;
}

/** The entries are the gateway's own text, so that nothing needs escaping. */
function list(entries: readonly Entry[]): string {
  const items = entries.map(
    ({ href, title, about }) =>
      `<li><a href="${href}"><strong>${title}</strong><span>${about}</span></a></li>`,
  );
  return `<ul>\n        ${items.join('\n        ')}\n      </ul>`;
}

const style = /* CSS */ `
      :root {
        color-scheme: light dark;
        --ink: #3b4b68; --strong: #1f2a3d; --quiet: #5b6a86; --link: #b3007b;
        --ground: #f2f3f5; --card: #fff; --line: #dfe3ea;
      }
      @media (prefers-color-scheme: dark) {
        :root {
          --ink: #b7c2d7; --strong: #eef2f8; --quiet: #97a5bf; --link: #ff7ab0;
          --ground: #1a202c; --card: #242d3d; --line: #36425a;
        }
      }
      * { box-sizing: border-box; }
      body { margin: 0; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
      main { max-width: 40rem; margin: 0 auto; padding: clamp(1.5rem, 7vh, 4.5rem) 1.25rem 3rem; }
      h1 { margin: 0; color: var(--strong); font-size: 1.75rem; line-height: 1.2; }
      h2 { margin: 2rem 0 0.6rem; color: var(--quiet); font-size: 0.9rem; font-weight: 600; }
      p { margin: 0.75rem 0 0; font-size: 1.05rem; }
      code { font-family: ui-monospace, monospace; font-size: 0.9em; }
      ul {
        list-style: none; margin: 0; padding: 0; overflow: hidden;
        background: var(--card); border: 1px solid var(--line); border-radius: 0.6rem;
      }
      li + li { border-top: 1px solid var(--line); }
      a { display: block; padding: 0.7rem 1rem; color: inherit; text-decoration: none; }
      a:hover strong { text-decoration: underline; }
      a:focus-visible { outline: 2px solid var(--link); outline-offset: -2px; border-radius: 0.6rem; }
      strong { display: block; color: var(--link); font-weight: 600; }
      span { color: var(--quiet); font-size: 0.925rem; }
    `;
