/**
 * The contexts that the stub upstream stores: one for each id, the id's size in it, so that the stub
 * has nothing to keep and the load knows what to expect.
 */

/** A context as the REST API writes it. */
export interface StoredContext {
  readonly id: string;
  readonly agent_id: string;
  readonly workflow_id: string;
  readonly user_id: string;
  readonly session_id: string;
  readonly context: unknown;
  readonly created_at: string;
}

export const sessionId = 'session_456';

/** How many contexts a page of the list holds. */
export const pageSize = 20;

/** The id of the context number `index` whose state has `kilobytes` kB. All ids of a size have one length. */
export function contextId(kilobytes: number, index: number): string {
  return `ctx_${kilobytes}_${String(index).padStart(6, '0')}`;
}

/** The size in kB of the state of the context with this id, or NaN. */
export function kilobytesOf(id: string): number {
  return Number(id.split('_')[1]);
}

/** The record with this id. */
export function storedContext(id: string, context: unknown): StoredContext {
  return {
    id,
    agent_id: 'agent_1',
    workflow_id: 'workflow_1',
    user_id: 'user_1',
    session_id: sessionId,
    context,
    created_at: '2026-01-01T00:00:00Z',
  };
}

/**
 * The state of an agent's run: a log of steps with texts, numbers, flags and nested objects, as many
 * as fit into `kilobytes` kB (of 1,000 bytes) of JSON, at least one.
 *
 * @param nonAscii - Whether texts have characters outside ASCII, which cannot be sliced as bytes.
 */
export function stateOfSize(kilobytes: number, nonAscii: boolean): unknown {
  const head = {
    current_step: 'validation',
    progress: 75,
    results: { documents: 10, warnings: 0 },
  };
  const steps: unknown[] = [];
  let bytes = JSON.stringify({ ...head, steps }).length;
  for (let index = 0; ; index += 1) {
    const step = {
      number: index,
      tool: 'search_documents',
      input: { query: `invoices of quarter ${index % 4}`, limit: 25, strict: index % 2 === 0 },
      output: nonAscii ? 'Prüfung läuft – 3 von 7 Belegen' : 'Checking: 3 of 7 "documents" matched',
      score: 0.125 + index / 8,
      error: null,
    };
    bytes += Buffer.byteLength(JSON.stringify(step)) + 1;
    if (bytes > kilobytes * 1_000 && index > 0) return { ...head, steps };
    steps.push(step);
  }
}
