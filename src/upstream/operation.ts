export type OperationName = 'fetch' | 'list' | 'create' | 'update' | 'delete';

/** What the transport and the status map need to know of an operation. */
export interface Operation {
  readonly name: OperationName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Changes what is stored, so an answer that got lost leaves doubt. */
  readonly writes: boolean;
  /** A second, identical call leaves the API as the first one did. */
  readonly repeatable: boolean;
}

export const operations = {
  fetch: { name: 'fetch', method: 'GET', writes: false, repeatable: true },
  list: { name: 'list', method: 'GET', writes: false, repeatable: true },
  create: { name: 'create', method: 'POST', writes: true, repeatable: false },
  update: { name: 'update', method: 'PUT', writes: true, repeatable: true },
  delete: { name: 'delete', method: 'DELETE', writes: true, repeatable: true },
} as const satisfies Record<OperationName, Operation>;
