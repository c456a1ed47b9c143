import type { Builder } from '../schema/builder.ts';
import { referenceResolver } from '../schema/references.ts';
import { addCreate } from './create.ts';
import { addDelete } from './delete.ts';
import { addFetch, fetchExecutionContext } from './fetch.ts';
import { addList } from './list.ts';
import { addMerge } from './merge.ts';
import { addTypes } from './types.ts';
import { addUpdate } from './update.ts';
import { addWatch } from './watch.ts';

/** Adds execution contexts to a schema: their types, operations and entity references. */
export function addExecutionContexts(builder: Builder): void {
  const types = addTypes(builder);
  builder.asEntity(types.AiExecutionContext, {
    key: builder.selection<{ id: string }>('id'),
    resolveReference: referenceResolver(fetchExecutionContext),
  });
  for (const add of [addFetch, addList, addUpdate, addCreate, addMerge, addDelete, addWatch]) {
    add(builder, types);
  }
}
