import { defineOperation } from '../../src/engine/operation.ts';
import { ServiceKey } from '../../src/engine/request-context.ts';
import { InputError } from '../../src/errors.ts';
import {
  endOfValue,
  keyIs,
  keyOf,
  quoteJson,
  readItems,
  readMembers,
  type JsonSource,
  type UnsafeNumber,
} from '../../src/json/index.ts';
import { Malformed, type RestClient } from '../../src/rest/client.ts';
import type { RestOperation } from '../../src/rest/request.ts';
import type { Builder } from '../../src/schema/builder.ts';
import { addErrorTypes } from '../../src/schema/error-types.ts';
import { referenceResolver } from '../../src/schema/references.ts';
import { addResultUnion, operationField } from '../../src/schema/result-field.ts';

/** A second resource, made of the kit alone: what a conversation is. */
export interface Conversation {
  readonly id: string;
  readonly title: string | null;
}

/** The REST API that stores conversations. */
export const conversations = new ServiceKey<RestClient>('conversations');

const noun = 'conversation';
const one = { noun, template: '/conversations/{id}' };
const fetch = { ...one, name: 'fetch', method: 'GET', writes: false, repeatable: true } as const;
const list = { ...fetch, name: 'list', template: '/conversations' };
const update = { ...one, name: 'update', method: 'PUT', writes: true, repeatable: true } as const;

const readLimit = { group: 'conversations', limits: [{ window: '60s', max: 5 }] };

type Id = string | UnsafeNumber;

function checkedId(id: Id): string {
  if (typeof id !== 'string' || id === '') {
    throw new InputError('id must be a string that is not empty.', [
      { path: ['id'], message: 'must be a string that is not empty' },
    ]);
  }
  return id;
}

const fetchConversation = defineOperation<{ readonly id: Id }, Conversation>({
  field: 'Query.conversation',
  limit: readLimit,
  check: ({ id }) => void checkedId(id),
  run({ id: given }, request) {
    const client = request.service(conversations);
    const id = checkedId(given);
    return client.ask(requestOf(fetch, id, request, client), readConversation);
  },
});

const listConversations = defineOperation<object, { items: readonly Conversation[] }>({
  field: 'Query.conversations',
  limit: readLimit,
  check: () => undefined,
  run(_args, request) {
    const client = request.service(conversations);
    return client.ask(requestOf(list, null, request, client), (body) => {
      const items: Conversation[] = [];
      const end = body === null ? -1 : readItems(body, 0, items, pushConversation);
      return end < 0 ? new Malformed('the list is none') : { items };
    });
  },
});

const updateConversation = defineOperation<
  { readonly id: Id; readonly title: string },
  Conversation
>({
  field: 'Mutation.updateConversation',
  // Without a group of its own it is counted by its field.
  limit: { limits: [{ window: '1s', max: 2 }] },
  check: ({ id }) => void checkedId(id),
  run({ id: given, title }, request) {
    const client = request.service(conversations);
    const body = `{"title":${quoteJson(title)}}`;
    // An API of another kind may want a condition in a header.
    const headers = ['if-match', '*'];
    const id = checkedId(given);
    return client.ask(
      { ...requestOf(update, id, request, client), body, headers },
      readConversation,
    );
  },
});

function requestOf(
  operation: RestOperation,
  id: string | null,
  behalf: Parameters<RestClient['ask']>[0]['behalf'],
  client: RestClient,
) {
  const path = id === null ? '/conversations' : `/conversations/${encodeURIComponent(id)}`;
  return { operation, path, id, behalf, deadline: client.deadline() };
}

const keys = { id: keyOf('id'), title: keyOf('title') };

function readConversation(body: JsonSource | null): Conversation | Malformed {
  const read: Conversation[] = [];
  if (body !== null) pushConversation(body, read, 0);
  return read[0] ?? new Malformed('the conversation is none');
}

function pushConversation(source: JsonSource, into: Conversation[], at: number): number {
  const conversation: { id: string; title: string | null } = { id: '', title: null };
  const end = readMembers(source, at, conversation, (_source, state, from, to, valueAt) => {
    const valueEnd = endOfValue(source.bytes, valueAt);
    if (source.bytes[valueAt] === '"'.charCodeAt(0)) {
      if (keyIs(source.bytes, from, to, keys.id)) state.id = source.string(valueAt, valueEnd);
      if (keyIs(source.bytes, from, to, keys.title)) state.title = source.string(valueAt, valueEnd);
    }
    return valueEnd;
  });
  if (end > 0 && conversation.id !== '') into.push(conversation);
  return end;
}

/** Adds conversations to a schema. */
export function addConversations(builder: Builder): void {
  const errors = addErrorTypes(builder, {
    prefix: 'Conversation',
    noun,
    idField: 'conversationId',
  });
  const ConversationType = builder.objectRef<Conversation>('Conversation').implement({
    fields: (t) => ({ id: t.exposeID('id'), title: t.exposeString('title', { nullable: true }) }),
  });
  builder.asEntity(ConversationType, {
    key: builder.selection<{ id: string }>('id'),
    resolveReference: referenceResolver(fetchConversation),
  });
  const List = builder.objectRef<{ items: readonly Conversation[] }>('ConversationList').implement({
    fields: (t) => ({
      items: t.field({ type: [ConversationType], resolve: ({ items }) => [...items] }),
    }),
  });
  const description = 'What came of it.';
  const One = addResultUnion(builder, errors, {
    name: 'ConversationResult',
    description,
    success: ConversationType,
  });
  const Many = addResultUnion(builder, errors, {
    name: 'ConversationsResult',
    description,
    success: List,
  });

  builder.queryFields((t) => ({
    conversation: t.field({
      type: One,
      args: { id: t.arg.id({ required: true }) },
      ...operationField(fetchConversation, {
        description: 'One conversation.',
      }),
    }),
    conversations: t.field({
      type: Many,
      ...operationField(listConversations, { description: 'All.' }),
    }),
  }));
  builder.mutationField('updateConversation', (t) =>
    t.field({
      type: One,
      args: { id: t.arg.id({ required: true }), title: t.arg.string({ required: true }) },
      ...operationField(updateConversation, {
        description: 'Renames a conversation.',
      }),
    }),
  );
}
