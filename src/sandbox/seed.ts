import { parseJson } from '../json/index.ts';
import { createContextStore } from './stored-context.ts';
import type { ContextStore, StoredContext } from './stored-context.ts';

/** Contexts of agents that are at work, newest first. */
const running: readonly StoredContext[] = [
  {
    id: 'ctx_123',
    agent_id: 'agent_document_analyst',
    workflow_id: 'workflow_due_diligence',
    user_id: 'alice',
    session_id: 'session_455',
    context: {
      current_step: 'extraction',
      progress: 40,
      results: { analyzed_documents: 4, extracted_entities: 11 },
    },
    created_at: '2026-03-02T09:14:27.481927304Z',
  },
  {
    id: 'ctx_research',
    agent_id: 'agent_researcher',
    workflow_id: 'workflow_market_report',
    user_id: 'alice',
    session_id: 'session_412',
    context: {
      question: 'Which suppliers of solid-state cells can deliver before 2028?',
      plan: ['collect sources', 'rank by evidence', 'draft', 'ask for review'],
      step: 2,
      sources: [
        { title: 'Annual report, Nordlicht Zellen AG', relevance: 0.92, read: true },
        { title: '固体電池の量産計画', relevance: 0.87, read: false },
      ],
    },
    created_at: '2026-03-02T08:50:03.120046Z',
  },
  {
    id: 'ctx_support',
    agent_id: 'agent_support',
    workflow_id: null,
    user_id: 'alice',
    session_id: 'session_398',
    context: {
      ticket: 'T-20417',
      mood: 'patient',
      messages: [
        { role: 'user', content: 'The export stops at 10,000 rows.' },
        { role: 'assistant', content: 'Which plan is the workspace on?' },
      ],
      waiting_for: 'user',
    },
    created_at: '2026-03-01T16:22:41.007Z',
  },
  {
    // An id from another service: a 64-bit integer as a string.
    id: '1234567890123456789',
    agent_id: 'agent_ledger',
    workflow_id: 'workflow_reconciliation',
    user_id: 'alice',
    session_id: null,
    // As text, because a JavaScript number cannot hold these digits.
    context: parseJson(
      '{"last_entry":9007199254740993,"cursor":18446744073709551615,"balance":1024.10000000000000001,"10":"Q4","2":"Q2"}',
    ),
    created_at: '2026-02-28T23:59:59.999999999Z',
  },
  {
    id: 'ctx_in_use',
    agent_id: 'agent_migration',
    workflow_id: 'workflow_crm_import',
    user_id: 'alice',
    session_id: 'session_377',
    context: { table: 'contacts', rows_done: 48_000, rows_total: 120_000, retries: [] },
    created_at: '2026-02-27T11:05:12Z',
  },
  {
    id: 'ctx_bob_forecast',
    agent_id: 'agent_forecaster',
    workflow_id: 'workflow_quarter_close',
    user_id: 'bob',
    session_id: 'session_201',
    context: { region: 'EMEA', horizon_days: 90, model: 'seasonal', error: 0.034 },
    created_at: '2026-02-26T14:30:00Z',
  },
  {
    id: 'ctx_bob_review',
    agent_id: 'agent_code_reviewer',
    user_id: 'bob',
    session_id: 'session_202',
    context: { pull_request: 918, files_read: 12, findings: [] },
    created_at: '2026-02-26T10:12:45Z',
  },
  {
    // A context of a background job, which has no owner.
    id: 'ctx_nightly',
    agent_id: 'agent_archivist',
    workflow_id: 'workflow_retention',
    context: { current_step: 'scan', scanned: 1_932_114 },
    created_at: '2026-02-26T02:00:00Z',
  },
];

const inUse = ['ctx_in_use'];

const suppliers =
  'Aalto Birch Corvid Dune Ember Fjord Gale Heron Iris Juniper Kelp Lumen Mica Nimbus Opal Pine Quartz Reed Slate Tide';

/** Contexts of finished work, enough for a second page. */
const finished: readonly StoredContext[] = suppliers.split(' ').map((supplier, i) => ({
  id: `ctx_invoice_${2041 + i}`,
  agent_id: 'agent_invoice_reader',
  workflow_id: 'workflow_month_end',
  user_id: 'alice',
  session_id: `session_${300 + i}`,
  context: { supplier, invoice: `INV-${2041 + i}`, current_step: 'archived', progress: 100 },
  created_at: new Date(Date.UTC(2026, 1, 25 - i, 17)).toISOString(),
}));

/** Creates the store that a sandbox starts with. */
export function createSeededStore(): ContextStore {
  return createContextStore([...running, ...finished], inUse);
}
