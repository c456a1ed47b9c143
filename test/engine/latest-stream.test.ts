import { describe, expect, it } from 'vitest';

import { LatestStream, streamOf } from '../../src/engine/latest-stream.ts';

function open() {
  let returns = 0;
  const stream = new LatestStream<string>(() => (returns += 1));
  return { stream, returns: () => returns };
}

const done = { done: true, value: undefined };
const event = (value: string) => ({ done: false, value });

describe('a stream of the latest state', () => {
  it('hands each state to a reader that waits', async () => {
    const { stream } = open();
    const first = stream.next();
    stream.offer('one', 'v1');
    expect(await first).toEqual(event('one'));
    const second = stream.next();
    stream.offer('two', 'v2');
    expect(await second).toEqual(event('two'));
  });

  it('gives a reader that was away the latest state only', async () => {
    const { stream } = open();
    for (const version of ['1', '2', '3']) stream.offer(`state ${version}`, version);
    expect(await stream.next()).toEqual(event('state 3'));
    stream.offer('state 3 again', '3');
    const next = stream.next();
    stream.offer('state 4', '4');
    expect(await next).toEqual(event('state 4'));
  });

  it('has nothing to show where it is back at the version that the reader has', async () => {
    const { stream } = open();
    stream.offer('one', '1');
    await stream.next();
    stream.offer('two', '2');
    stream.offer('one', '1');
    const next = stream.next();
    stream.offer('three', '3');
    expect(await next).toEqual(event('three'));
  });

  it('ends with its last event, in place of what nobody has taken', async () => {
    const { stream, returns } = open();
    stream.offer('one', '1');
    stream.end('last');
    stream.end('too late');
    stream.offer('two', '2');
    expect(await stream.next()).toEqual(event('last'));
    expect(await stream.next()).toEqual(done);
    expect(returns()).toBe(0);
  });

  it('shows what nobody has taken where it ends without a last event', async () => {
    const { stream } = open();
    stream.offer('one', '1');
    stream.end();
    expect(await stream.next()).toEqual(event('one'));
    expect(await stream.next()).toEqual(done);
  });

  it('ends at once when its reader returns it, though it waits for an event', async () => {
    const { stream, returns } = open();
    const waiting = stream.next();
    expect(await stream.return()).toEqual(done);
    expect(await waiting).toEqual(done);
    await stream.return();
    stream.offer('one', '1');
    expect(await stream.next()).toEqual(done);
    expect(returns()).toBe(1);
  });

  it('can be one event long', async () => {
    const events: string[] = [];
    for await (const value of streamOf('only')) events.push(value);
    expect(events).toEqual(['only']);
  });
});
