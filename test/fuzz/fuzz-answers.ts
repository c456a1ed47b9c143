import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { send, type RawAnswer } from '../doors/node/request.ts';
import { signedIn, type FuzzRequest } from './fuzz-requests.ts';

/** Longer than any of these requests may take, in milliseconds. */
const patienceMs = 10_000;

/** What only somebody who can read the source should see. */
const insides = [
  /(?:\n|\\n)\s+at /,
  /node:internal|node_modules|file:\/\//,
  /\.[cm]?[jt]s:\d+/,
  /Unexpected error\.|INTERNAL_SERVER_ERROR/,
];

/**
 * Sends a request, and tells what is wrong with its answer; `null` where nothing is.
 *
 * @param token - Of the user in whose name the request is sent, where it is in anybody's.
 */
export async function violationOf(
  url: string,
  request: FuzzRequest,
  token: string,
): Promise<string | null> {
  const authorization = request.headers['authorization']?.replace(signedIn, `Bearer ${token}`);
  const headers = {
    ...request.headers,
    ...(authorization !== undefined && { authorization }),
    // Node's client tells no length where a method has no body as a rule.
    ...(request.body.length > 0 && { 'content-length': String(request.body.length) }),
  };
  const answer = await inTime(send(url, { ...request, headers }));
  return typeof answer === 'string' ? answer : wrongWith(answer, request);
}

/** As {@link violationOf}, for bytes on a connection of their own. */
export async function violationOfBytes(url: string, bytes: Buffer): Promise<string | null> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  // The gateway may answer, and close, before all is sent.
  socket.on('error', () => undefined);
  socket.end(bytes);
  const answer = await inTime(buffer(socket).catch(() => Buffer.alloc(0)));
  if (typeof answer === 'string') return answer;
  const text = answer.toString('latin1');
  if (text === '') return null;
  const [, status] = /^HTTP\/1\.1 (\d\d\d) /.exec(text) ?? [];
  if (status === undefined || status >= '500') return `it began with ${text.slice(0, 40)}`;
  if (!/\r\nx-request-id: \S/i.test(text)) return 'it has no x-request-id';
  return tellsInsides(text);
}

/** The answer, or a complaint where there was none. */
async function inTime<T>(answer: Promise<T>): Promise<T | string> {
  const timer = new AbortController();
  const late = sleep(patienceMs, `no answer within ${patienceMs} ms`, { signal: timer.signal });
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    return `no answer: ${String(error)}`;
  } finally {
    timer.abort();
    await late.catch(() => undefined);
  }
}

function wrongWith({ status, headers, body }: RawAnswer, request: FuzzRequest): string | null {
  const notReady = status === 503 && request.path.startsWith('/ready');
  if (status >= 500 && !notReady) return `HTTP ${status}: ${body.slice(0, 500)}`;
  if ((headers['x-request-id'] ?? '') === '') return `HTTP ${status} without x-request-id`;
  const complaint = unreadable(headers['content-type'], body, request);
  return complaint === null ? tellsInsides(body) : `HTTP ${status}: ${complaint}`;
}

function unreadable(contentType = '', body: string, { path }: FuzzRequest): string | null {
  if (body === '') return null;
  const type = contentType.split(';', 1)[0] ?? '';
  switch (type) {
    case 'application/json':
    case 'application/graphql-response+json':
      return isJson(body) ? null : `no JSON: ${body.slice(0, 200)}`;
    case 'text/event-stream':
      return parts(body, /^data: ?(.+)$/gm).every(isJson) ? null : `bad events: ${body}`;
    case 'multipart/mixed':
      return parts(body, /^(\{.*\})\r?$/gm).every(isJson) ? null : `bad parts: ${body}`;
    case 'text/html':
      return body.startsWith('<!doctype html>') ? null : `no page: ${body.slice(0, 200)}`;
    default:
      return path.startsWith('/metrics') ? null : `unexpected ${type}: ${body.slice(0, 200)}`;
  }
}

function parts(text: string, part: RegExp): string[] {
  return Array.from(text.matchAll(part), ([, json = '']) => json);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function tellsInsides(text: string): string | null {
  const found = insides.map((pattern) => pattern.exec(text)).find((match) => match !== null);
  return found ? `it tells of insides: ${text.slice(found.index - 100, found.index + 300)}` : null;
}
