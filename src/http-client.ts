/**
 * The parts of undici that the gateway uses. The package's main module would also load fetch, WebSocket,
 * caches and mocks: 8 MB of resident memory, and a tenth of the time to start. Single modules are not
 * undici's public interface, so that its version is pinned.
 */
import type * as undici from 'undici';
// @ts-expect-error It has no declarations.
import send from 'undici/lib/api/api-request.js';
// @ts-expect-error It has no declarations.
import connector from 'undici/lib/core/connect.js';
// @ts-expect-error It has no declarations.
import pool from 'undici/lib/dispatcher/pool.js';

export const buildConnector = connector as typeof undici.buildConnector;
export const Pool = pool as typeof undici.Pool;
const sendRequest = send as undici.Dispatcher['request'];

/** What sends requests. Its other methods are those that undici's main module adds to a `Dispatcher`. */
export type Sender = Pick<undici.Dispatcher, 'dispatch'>;

/** As undici's `Dispatcher.request`. */
export function request(
  sender: Sender,
  options: undici.Dispatcher.RequestOptions,
): Promise<undici.Dispatcher.ResponseData> {
  return sendRequest.call(
    sender as undici.Dispatcher,
    options,
  ) as Promise<undici.Dispatcher.ResponseData>;
}
