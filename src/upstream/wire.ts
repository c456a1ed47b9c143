import { exactJson, findTooDeep, isRfc3339DateTime, parseJson } from '../json/index.ts';
import { isJsonObject } from './json-object.ts';

/** How deep a context may nest, either way: what the API itself takes. */
export const maxContextDepth = 128;

/** An AI execution context: the JSON state and the session of an agent's run. */
export interface ExecutionContext {
  readonly id: string;
  readonly agentId: string | null;
  readonly workflowId: string | null;
  /** The owner; `null` where only an administrator may touch the context. */
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** Any JSON value; an `ExactJson` where a plain value would lose digits or key order. */
  readonly context: unknown;
  /** RFC 3339, as the API wrote it. */
  readonly createdAt: string | null;
}

/** A page of contexts, as the API cut it. */
export interface ExecutionContextPage {
  readonly items: readonly ExecutionContext[];
  readonly hasMore: boolean;
}

/**
 * Reads a context from a response body. Unknown keys are ignored; known ones must be absent, null
 * or of their type.
 *
 * @param expectedId - The id that was asked for; `null` accepts any non-empty one.
 * @returns `null` where the body is anything but that context: half an answer is none.
 */
export function readExecutionContext(
  body: string | null,
  expectedId: string | null,
): ExecutionContext | null {
  const context = toExecutionContext(parseBody(body));
  return context !== null && (expectedId === null || context.id === expectedId) ? context : null;
}

/** Reads `{"data": [context…], "has_more": bool}`; `null` where the body is anything else. */
export function readPage(body: string | null): ExecutionContextPage | null {
  const page = parseBody(body);
  if (
    !isJsonObject(page) ||
    !Array.isArray(page['data']) ||
    typeof page['has_more'] !== 'boolean'
  ) {
    return null;
  }
  const items = page['data'].map(toExecutionContext);
  return items.every((item) => item !== null) ? { items, hasMore: page['has_more'] } : null;
}

function parseBody(body: string | null): unknown {
  if (body === null) return undefined;
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function toExecutionContext(wire: unknown): ExecutionContext | null {
  if (!isJsonObject(wire)) return null;
  const id = wire['id'];
  const agentId = optionalString(wire, 'agent_id');
  const workflowId = optionalString(wire, 'workflow_id');
  const userId = optionalString(wire, 'user_id');
  const sessionId = optionalString(wire, 'session_id');
  const createdAt = optionalString(wire, 'created_at');
  if (typeof id !== 'string' || id === '') return null;
  if (agentId === undefined || workflowId === undefined || userId === undefined) return null;
  if (sessionId === undefined || createdAt === undefined) return null;
  if (createdAt !== null && !isRfc3339DateTime(createdAt)) return null;
  const context = exactJson(wire['context'] ?? null);
  if (findTooDeep(context, maxContextDepth) !== null) return null;
  return { id, agentId, workflowId, userId, sessionId, context, createdAt };
}

/** `null` where the key is absent or null, `undefined` where it is no string. */
function optionalString(wire: Record<string, unknown>, key: string): string | null | undefined {
  const value = Object.hasOwn(wire, key) ? wire[key] : null;
  return value === null || typeof value === 'string' ? value : undefined;
}
