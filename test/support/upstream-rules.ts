import type { Answer, RecordedRequest } from './upstream-exchange.ts';
import { passThrough } from './upstream-faults.ts';

/** Matches the raw request target: exactly (without its query), by pattern, or by predicate. */
export type PathMatcher = string | RegExp | ((path: string) => boolean);

/** What a test tells the upstream to answer. */
export interface UpstreamRules {
  /** Answers the next requests, one each, whatever they are. Goes before every `on`. */
  next: (...answers: readonly Answer[]) => void;
  /** Answers every matching request from now on; the newest rule wins. `*` is any method. */
  on: (method: string, path: PathMatcher, answer: Answer) => void;
  /** Answers every request from now on: `on('*', any path, answer)`. */
  always: (answer: Answer) => void;
}

interface Rule {
  readonly method: string;
  readonly path: PathMatcher;
  readonly answer: Answer;
}

function matches({ method, path }: Rule, request: RecordedRequest): boolean {
  if (method !== '*' && method !== request.method) return false;
  if (typeof path === 'string') return path === request.path.split('?', 1)[0];
  return typeof path === 'function' ? path(request.path) : path.test(request.path);
}

export interface RuleBook extends UpstreamRules {
  answerFor(request: RecordedRequest): Answer;
  clear(): void;
}

/** Without a rule, the API answers. */
export function createRuleBook(): RuleBook {
  const queue: Answer[] = [];
  const rules: Rule[] = [];

  function on(method: string, path: PathMatcher, answer: Answer): void {
    rules.push({ method, path, answer });
  }

  return {
    on,
    next(...answers) {
      queue.push(...answers);
    },
    always(answer) {
      on('*', () => true, answer);
    },
    answerFor: (request) =>
      queue.shift() ?? rules.findLast((rule) => matches(rule, request))?.answer ?? passThrough(),
    clear() {
      queue.length = 0;
      rules.length = 0;
    },
  };
}
