import { builder } from '../builder.ts';

export const UpdateExecutionContextInput = builder.inputType('UpdateExecutionContextInput', {
  description: 'What to change: at least one of the fields. Left out or null keeps what is stored.',
  fields: (t) => ({
    context: t.field({
      type: 'JSON',
      description: 'The new state, whole: it replaces what is stored and is not merged into it.',
    }),
    sessionId: t.id({ description: 'The new session. It can be replaced but not removed.' }),
  }),
});

export const CreateExecutionContextInput = builder.inputType('CreateExecutionContextInput', {
  description: 'A run to keep state for.',
  fields: (t) => ({
    agentId: t.id({ required: true, description: 'The agent that runs.' }),
    workflowId: t.id({ description: 'The workflow that the run belongs to.' }),
    userId: t.id({
      description: 'The owner: the caller, unless an administrator names somebody else.',
    }),
    sessionId: t.id({ description: 'The session that the agent works in.' }),
    context: t.field({ type: 'JSON', description: 'The state to begin with: any JSON value.' }),
  }),
});
