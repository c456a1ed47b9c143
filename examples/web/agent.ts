/**
 * An agent as its SDK makes one: it keeps its state with the REST API directly, past the gateway, and
 * whoever watches sees it all the same. Its work is made up, and begins anew when it is done.
 */
export interface Agent {
  /** Does one piece of work, or nothing while it is paused. @throws Error where the API refuses. */
  work(): Promise<void>;
}

export interface AgentOptions {
  /** Of the REST API, without a slash at the end. */
  readonly apiUrl: string;
  /** The session token of the run's owner, or an API key. */
  readonly token: string;
  readonly contextId: string;
}

interface Stored {
  readonly session_id: string | null;
  readonly context: unknown;
}

interface Task {
  readonly name: string;
  /** What the agent says at each piece of work. */
  readonly says: readonly string[];
}

const plan: readonly Task[] = [
  {
    name: 'Collect the documents',
    says: ['Listing the data room', 'Downloading 24 files', 'Dropping 3 duplicates'],
  },
  {
    name: 'Extract entities',
    says: [
      'Reading annual-report.pdf, page 14 of 62',
      'Reading annual-report.pdf, page 47 of 62',
      'Reading supply-contract.pdf, page 3 of 11',
      'Reading patents.xlsx, sheet 2 of 5',
    ],
  },
  {
    name: 'Check the contracts',
    says: [
      'Comparing change-of-control clauses',
      'Contract 4 of 9 ends before 2028',
      'Contract 7 of 9 has no cap on liability',
    ],
  },
  {
    name: 'Weigh the evidence',
    says: ['Ranking 31 statements by source', 'Two sources disagree on capacity'],
  },
  {
    name: 'Write the report',
    says: ['Drafting the summary', 'Drafting the risks', 'Linking every claim to its page'],
  },
];

/** One piece of work each. */
const pieces = plan.flatMap(({ says }, task) => says.map((message, at) => ({ task, message, at })));

export function createAgent({ apiUrl, token, contextId }: AgentOptions): Agent {
  const url = `${apiUrl}/ai-execution-context/${encodeURIComponent(contextId)}`;
  let done = 0;

  async function call(method: 'GET' | 'PUT', body?: object): Promise<Stored> {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status}`);
    return (await response.json()) as Stored;
  }

  return {
    async work() {
      const stored = await call('GET');
      const kept = membersOf(stored.context);
      if (kept['paused'] === true) return;
      const number = Math.floor(done / pieces.length);
      const piece = done % pieces.length;
      const own = state(number, piece, piece === 0 ? 0 : Number(kept['progress']));
      done += 1;
      await call('PUT', {
        // What others have merged into the state stays, after what is the agent's own.
        context: { ...own, ...kept, ...own },
        // It goes on in whatever session it is given, and opens a new one for the review.
        ...((piece === 0 || pieces[piece]?.task === 3) &&
          pieces[piece]?.at === 0 && { session_id: `session_${500 + 2 * number + (piece && 1)}` }),
      });
    },
  };
}

function membersOf(context: unknown): Record<string, unknown> {
  return typeof context === 'object' && context !== null && !Array.isArray(context)
    ? { ...context }
    : {};
}

/** What the agent writes after a piece of work, going on from the progress that is stored. */
function state(number: number, piece: number, stored: number): object {
  const { task = 0, message = '', at = 0 } = pieces[piece] ?? {};
  const isLast = piece === pieces.length - 1;
  const read = pieces.slice(0, piece + 1);
  return {
    task: 'Due diligence: Nordlicht Zellen AG',
    run: number + 1,
    current_step: isLast ? 'Done' : plan[task]?.name,
    progress: Math.round(stored + (100 - stored) / (pieces.length - piece)),
    message,
    steps: plan.map(({ name, says }, index) => ({
      name,
      done: index < task ? says.length : index === task ? at + 1 : 0,
      of: says.length,
    })),
    results: {
      analyzed_documents: Math.min(24, 2 * read.length),
      extracted_entities: 11 * read.filter((each) => each.task === 1).length,
      open_questions: read
        .filter((each) => each.task === 2 && each.at > 0)
        .map((each) => each.message),
    },
  };
}
