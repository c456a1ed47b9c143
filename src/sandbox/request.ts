import type { HonoRequest } from 'hono';

import { findTooDeep, jsonText, parseJson } from '../json/index.ts';
import { failure } from './failure.ts';

/** The recursion limit of serde_json. */
const maxDepth = 128;

/** The members of a body, under their names in the API. `null` and an absent member mean the same. */
export interface ContextBody {
  readonly agent_id: string | null;
  readonly workflow_id: string | null;
  readonly user_id: string | null;
  readonly session_id: string | null;
  /** Any JSON value, stored as it is. */
  readonly context: unknown;
}

/** The query parameters of a list. */
export interface PageQuery {
  readonly page: number;
  readonly per_page: number;
  readonly agent_id: string | null;
  readonly workflow_id: string | null;
}

/**
 * Parses the body of a create or an update.
 *
 * @throws {HTTPException} 400 for a body that is not JSON, nested too deeply, or not of this shape.
 */
export function readBody(bytes: ArrayBuffer): ContextBody {
  const body = parseBody(bytes);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw failure(400, 'invalid data: expected an object');
  }
  const members = new Map<string, unknown>(Object.entries(body));
  const context = members.get('context') ?? null;
  if (findTooDeep(jsonText(context), maxDepth) !== null) {
    throw failure(400, 'invalid JSON: recursion limit exceeded');
  }
  return {
    agent_id: text(members, 'agent_id'),
    workflow_id: text(members, 'workflow_id'),
    user_id: text(members, 'user_id'),
    session_id: text(members, 'session_id'),
    context,
  };
}

/**
 * Parses the query parameters of a list.
 *
 * @throws {HTTPException} 400 for a page or a page size out of range.
 */
export function readPageQuery(request: HonoRequest): PageQuery {
  return {
    page: integer(request, 'page', 1, Number.MAX_SAFE_INTEGER),
    per_page: integer(request, 'per_page', 20, 100),
    agent_id: request.query('agent_id') ?? null,
    workflow_id: request.query('workflow_id') ?? null,
  };
}

function parseBody(bytes: ArrayBuffer): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw failure(400, `invalid JSON: ${(error as Error).message}`);
  }
}

function text(members: ReadonlyMap<string, unknown>, key: keyof ContextBody): string | null {
  const value = members.get(key) ?? null;
  if (value === null || typeof value === 'string') return value;
  throw failure(400, `invalid data: ${key} must be a string`);
}

function integer(request: HonoRequest, key: string, byDefault: number, max: number): number {
  const value = Number(request.query(key) ?? byDefault);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw failure(400, `invalid data: ${key} must be an integer from 1 to ${max}`);
}
