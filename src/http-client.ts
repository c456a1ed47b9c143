/**
 * The parts of undici that the gateway uses. The package's main module would also load fetch, WebSocket,
 * caches and mocks: 8 MB of resident memory, and a tenth of the time to start. Single modules are not
 * undici's public interface, so that its version is pinned.
 */
import type { Dispatcher } from 'undici';
import send from 'undici/lib/api/api-request.js';
import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';

export { buildConnector, Pool };

/** What sends requests. Its other methods are those that undici's main module adds to a `Dispatcher`. */
export type Sender = Pick<Dispatcher, 'dispatch'>;

/** As undici's `Dispatcher.request`. */
export function request(
  sender: Sender,
  options: Dispatcher.RequestOptions,
): Promise<Dispatcher.ResponseData> {
  return send.call(sender as Dispatcher, options) as Promise<Dispatcher.ResponseData>;
}
