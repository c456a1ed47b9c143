import { Agent, getGlobalDispatcher, setGlobalDispatcher, type Dispatcher } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';

import { startTestGateway } from '../support/gateway.ts';
import { runOne } from '../support/operations.ts';
import { startReplica, type Replica } from '../support/replica.ts';

let replica: Replica | undefined;
afterEach(() => replica?.signal('SIGKILL'));

/** What a gateway on the sandbox warns of as it starts and ends. */
async function warningsOf(env: Readonly<Record<string, string>>): Promise<string[]> {
  replica = startReplica({ env: { PORT: '0', SHUTDOWN_DRAIN_MS: '0', ...env } });
  await replica.listening();
  replica.signal('SIGTERM');
  const { stdout } = await replica.ended;
  expect(stdout).not.toContain('hidden');
  return (stdout.match(/^\{.*"level":"warn".*/gm) ?? []).map(
    (line) => (JSON.parse(line) as { msg: string }).msg,
  );
}

describe('a variable that the gateway does not heed', () => {
  it('is warned of once at the start, with the others like it and without its value', async () => {
    const env = {
      HTTPS_PROXY: 'http://user:hidden@127.0.0.1:9',
      all_proxy: 'socks5://hidden',
      UPSTREAM_ULR: 'http://hidden',
      NO_PROXY: 'hidden',
    };
    expect(await warningsOf(env)).toEqual([
      'HTTPS_PROXY, all_proxy are not honoured: the API and the issuer are called directly',
      'UPSTREAM_ULR is unknown: did you mean UPSTREAM_URL?',
    ]);
  });
});

describe('a proxy that the process is given', () => {
  let before: Dispatcher;
  afterEach(() => {
    setGlobalDispatcher(before);
  });

  it('is on the way neither to the API nor to the issuer', async () => {
    before = getGlobalDispatcher();
    const gateway = await startTestGateway();
    // As Node does by itself with NODE_USE_ENV_PROXY.
    const origins: string[] = [];
    const proxy = new Agent().compose((dispatch) => (options, handler) => {
      origins.push(String(options.origin));
      return dispatch(options, handler);
    });
    gateway.upstream.seed({ id: 'ctx_1', user_id: 'alice' });
    setGlobalDispatcher(proxy);
    expect(await runOne(gateway, 'fetch', 'ctx_1')).toMatchObject({ id: 'ctx_1' });
    expect(gateway.issuer.fetches).toBe(1);
    expect(origins).not.toContain(gateway.issuer.url);
    expect(origins).not.toContain(gateway.upstream.url);
    await gateway.close();
  });
});
