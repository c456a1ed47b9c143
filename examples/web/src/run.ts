import { membersOf } from './changes.ts';
import type { Run } from './operations.ts';

/** What this page understands of a run's state, which may be any JSON: each part may be missing. */
export interface RunSummary {
  readonly title: string;
  readonly currentStep: string | null;
  readonly message: string | null;
  /** 0 to 100. */
  readonly progress: number | null;
  readonly steps: readonly Step[];
  readonly isPaused: boolean;
}

export interface Step {
  readonly name: string;
  readonly status: 'done' | 'running' | 'waiting';
  /** How much of it is done, such as "2 of 4". */
  readonly detail: string | null;
}

export function summarise({ agentId, id, context }: Run): RunSummary {
  const members = membersOf(context) ?? new Map<string, unknown>();
  const currentStep = textOf(members.get('current_step'));
  const progress = members.get('progress');
  const steps = members.get('steps');
  return {
    title: textOf(members.get('task')) ?? agentName(agentId) ?? id,
    currentStep,
    message: textOf(members.get('message')),
    progress: typeof progress === 'number' ? Math.min(100, Math.max(0, progress)) : null,
    steps: Array.isArray(steps)
      ? steps.map((step) => readStep(step, currentStep)).filter((step) => step !== null)
      : [],
    isPaused: members.get('paused') === true,
  };
}

function readStep(value: unknown, currentStep: string | null): Step | null {
  const members = membersOf(value);
  const name = textOf(members?.get('name'));
  if (members === null || name === null) return null;
  const [done, of] = [members.get('done'), members.get('of')];
  const isCounted = typeof done === 'number' && typeof of === 'number';
  return {
    name,
    status: name === currentStep ? 'running' : isCounted && done >= of ? 'done' : 'waiting',
    detail: isCounted ? `${done} of ${of}` : null,
  };
}

/** "agent_document_analyst" is a document analyst. */
export function agentName(agentId: string | null): string | null {
  const words = agentId?.replace(/^agent_/, '').replaceAll('_', ' ');
  return words === undefined || words === ''
    ? null
    : words.charAt(0).toUpperCase() + words.slice(1);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
