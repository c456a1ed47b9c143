import {
  GraphQLError,
  Kind,
  parse,
  visit,
  type DocumentNode,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type Source,
} from 'graphql';

/** The limits of a document. */
export const documentLimits = {
  /** Lexical tokens. */
  tokens: 4_000,
  /** Levels of fields below the operation, without those of introspection. */
  depth: 12,
  aliases: 200,
  directives: 100,
  /** Root fields of one operation, including those of its fragments. */
  rootFields: 200,
  operations: 50,
  fragments: 100,
} as const;

type Limit = keyof typeof documentLimits;

const nouns: Readonly<Record<Limit, string>> = {
  tokens: 'tokens',
  depth: 'levels of fields',
  aliases: 'aliases',
  directives: 'directives',
  rootFields: 'root fields in one operation',
  operations: 'operations',
  fragments: 'fragments',
};

const documentTooLargeCode = 'DOCUMENT_TOO_LARGE';

/** Creates the error of a document that exceeds `limit`. */
function documentTooLarge(limit: Limit): GraphQLError {
  return new GraphQLError(
    `The document has more than ${documentLimits[limit]} ${nouns[limit]}: send less at once.`,
    { extensions: { code: documentTooLargeCode, http: { status: 400 } } },
  );
}

/** Whether an error says that a document exceeds one of the {@link documentLimits}. */
export function isDocumentTooLarge(error: unknown): error is GraphQLError {
  return error instanceof GraphQLError && error.extensions['code'] === documentTooLargeCode;
}

/**
 * Parses a document within the {@link documentLimits}.
 *
 * @throws {GraphQLError} where the document is malformed or, with HTTP status 400, too large.
 */
export function parseWithinLimits(source: string | Source): DocumentNode {
  const document = parseTokens(source);
  checkDocumentLimits(document);
  return document;
}

function parseTokens(source: string | Source): DocumentNode {
  try {
    return parse(source, { maxTokens: documentLimits.tokens });
  } catch (error) {
    // The parser is recursive: deep nesting can exhaust the stack before its limit of tokens is reached.
    if (error instanceof RangeError || isTokenLimit(error)) throw documentTooLarge('tokens');
    throw error;
  }
}

/** Only its message distinguishes this error of the parser from others. */
function isTokenLimit(error: unknown): boolean {
  return error instanceof GraphQLError && /more tha[nt] \d+ tokens/i.test(error.message);
}

/**
 * Refuses documents that are far larger than legitimate ones, before they are validated: some of the
 * validation rules take quadratic time. Each node is visited once, however often its fragment is spread.
 *
 * @throws {GraphQLError} with HTTP status 400.
 */
function checkDocumentLimits(document: DocumentNode): void {
  const counts = { aliases: 0, directives: 0, operations: 0, fragments: 0 };
  const fragments = new Map<string, FragmentDefinitionNode>();

  function count(limit: keyof typeof counts): void {
    counts[limit] += 1;
    if (counts[limit] > documentLimits[limit]) throw documentTooLarge(limit);
  }

  visit(document, {
    Field: ({ alias }) => {
      if (alias !== undefined) count('aliases');
    },
    Directive: () => {
      count('directives');
    },
    OperationDefinition: () => {
      count('operations');
    },
    FragmentDefinition: (fragment) => {
      count('fragments');
      fragments.set(fragment.name.value, fragment);
    },
  });

  const depthBelow = createDepthMeter(fragments);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) {
      const { selectionSet } = definition;
      if (depthBelow(selectionSet) > documentLimits.depth) throw documentTooLarge('depth');
      if (countFields(selectionSet, fragments) > documentLimits.rootFields) {
        throw documentTooLarge('rootFields');
      }
    }
  }
}

/** Measures each fragment once. A cycle ends where it closes: validation refuses it later. */
function createDepthMeter(fragments: ReadonlyMap<string, FragmentDefinitionNode>) {
  const depths = new Map<string, number>();

  function depthBelow({ selections }: SelectionSetNode): number {
    let deepest = 0;
    for (const selection of selections) {
      let depth: number;
      if (selection.kind === Kind.FIELD) {
        const { name, selectionSet } = selection;
        const isIntrospection = name.value.startsWith('__');
        depth = selectionSet === undefined || isIntrospection ? 1 : 1 + depthBelow(selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        depth = depthBelow(selection.selectionSet);
      } else {
        depth = depthOf(selection.name.value);
      }
      deepest = Math.max(deepest, depth);
    }
    return deepest;
  }

  function depthOf(name: string): number {
    let depth = depths.get(name);
    if (depth === undefined) {
      depths.set(name, 0);
      const fragment = fragments.get(name);
      depth = fragment === undefined ? 0 : depthBelow(fragment.selectionSet);
      depths.set(name, depth);
    }
    return depth;
  }

  return depthBelow;
}

/** Counts the fields that execution would collect; those of a fragment count once. */
function countFields(
  root: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): number {
  const spread = new Set<string>();
  const pending = [root];
  let fields = 0;
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        fields += 1;
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        pending.push(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) pending.push(fragment.selectionSet);
      }
    }
  }
  return fields;
}
