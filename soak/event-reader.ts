import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

/** One who watches a context whose state is `{"step": n}`, at little cost. */
export interface Watching {
  /** -1 before the first. */
  readonly lastStep: number;
  /** Whether no step came after a later one. */
  readonly isOrdered: boolean;
  leave(): void;
}

const document = `subscription ($id: ID!) {
  executionContextUpdated(id: $id) { ... on AiExecutionContext { context } }
}`;

/**
 * Resolves once the first state has come.
 *
 * @param onStep - Told each step that comes.
 * @throws Error where the stream is refused.
 */
export async function watchSteps(
  url: string,
  id: string,
  token: string,
  onStep: (step: number) => void,
): Promise<Watching> {
  const body = JSON.stringify({ query: document, variables: { id } });
  const sent = request(`${url}/graphql`, {
    method: 'POST',
    agent: false,
    headers: {
      accept: 'text/event-stream',
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const watching = { lastStep: -1, isOrdered: true, leave: () => void sent.destroy() };
  sent.on('error', () => undefined);
  response.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    response.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      for (const [, digits] of text.matchAll(/"step":(\d+)/g)) {
        const step = Number(digits);
        if (step < watching.lastStep) watching.isOrdered = false;
        watching.lastStep = step;
        onStep(step);
        resolve();
      }
    });
    response.on('close', () => {
      reject(new Error(`A stream has ended, with status ${response.statusCode ?? 0}.`));
    });
  });
  return watching;
}
