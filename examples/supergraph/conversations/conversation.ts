/** What somebody and an agent said to each other, and the run that the agent did it in. */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  /** The id of an execution context, all that this subgraph knows of one. */
  readonly executionContextId: string;
  /** Whatever the front end wants to remember. */
  readonly labels: Readonly<Record<string, string | number | boolean>>;
}

function conversation(name: string, title: string, executionContextId: string): Conversation {
  return { id: `conversation_${name}`, title, executionContextId, labels: { channel: 'web' } };
}

/** Conversations about contexts that the gateway's sandbox is seeded with, one of them bob's. */
export const sampleConversations: readonly Conversation[] = [
  conversation('due_diligence', 'What did you find in the data room?', 'ctx_123'),
  conversation('suppliers', 'Who can deliver solid-state cells?', 'ctx_research'),
  conversation('export', 'The export stops at 10,000 rows', 'ctx_support'),
  conversation('forecast', 'How will the quarter close?', 'ctx_bob_forecast'),
  ...Array.from({ length: 16 }, (_, i) =>
    conversation(`invoice_${2041 + i}`, `Invoice INV-${2041 + i}`, `ctx_invoice_${2041 + i}`),
  ),
];
