import { describe, expect, it } from 'vitest';

import { parseRedisUrl } from '../../src/shared-state/redis-url.ts';

const plain = {
  host: 'redis.example',
  port: 6379,
  tls: false,
  username: null,
  password: null,
  database: 0,
};

describe('parseRedisUrl', () => {
  it.each([
    ['redis://redis.example', {}],
    ['redis://redis.example/', {}],
    ['rediss://redis.example', { tls: true }],
    ['redis://redis.example:6380/15', { port: 6380, database: 15 }],
    ['redis://:secret@redis.example', { password: 'secret' }],
    ['redis://ann:secret@redis.example', { username: 'ann', password: 'secret' }],
    ['redis://:p%40s%2Fs%25%3F%C3%A4@redis.example', { password: 'p@s/s%?ä' }],
    ['redis://[::1]:7000', { host: '::1', port: 7000 }],
    ['redis://my_redis', { host: 'my_redis' }],
    ['redis://b%C3%BCcher.example', { host: 'xn--bcher-kva.example' }],
    ['redis://redis.example/99', { database: 99 }],
  ])('reads %s', (url, differing) => {
    expect(parseRedisUrl(url)).toEqual({ ...plain, ...differing });
  });

  it.each([
    ['', /^must be a URL such as redis:\/\//],
    ['redis.example:6379', /redis:\/\//],
    ['http://redis.example', /redis:\/\//],
    ['unix:///tmp/redis.sock', /redis:\/\//],
    ['redis://', /^must name a host/],
    ['redis:', /^must name a host/],
    ['redis:///0', /^must name a host/],
    ['rediss://:secret@', /redis:\/\//],
    ['redis://:100%@redis.example', /^must have a password that decodes/],
    ['redis://a%ff:secret@redis.example', /^must have a user name that decodes/],
    ['redis://red%zzis.example', /^must have a host that decodes/],
    ['redis://:se#cret@redis.example', /percent-encoded|%23/],
    ['redis://:se/cret@redis.example', /percent-encoded/],
    ['redis://redis.example:99999', /redis:\/\//],
    ['redis://redis.example:0', /port/],
    ['redis://redis.example/abc', /number of a database/],
    ['redis://redis.example/-1', /number of a database/],
    ['redis://redis.example/1.5', /number of a database/],
    ['redis://redis.example/0/1', /number of a database/],
    ['redis://redis.example/99999999999', /number of a database/],
    ['redis://redis.example/0?db=3', /nothing after the database number/],
    ['redis://redis.example/0#secret', /nothing after the database number/],
  ])('refuses %j, saying what is wrong', (url, problem) => {
    expect(() => parseRedisUrl(url)).toThrow(RangeError);
    expect(() => parseRedisUrl(url)).toThrow(problem);
  });

  it.each([
    'redis://ann:hidden%@redis.example',
    'redis://ann:hidden@redis.example/hidden',
    'redis://ann:hidden@redis.example?hidden',
    'redis://ann:hidden@redis.example:hidden',
    'hidden',
  ])('repeats nothing of %s', (url) => {
    expect(() => parseRedisUrl(url)).not.toThrow(/hidden|ann|example\//);
  });
});
