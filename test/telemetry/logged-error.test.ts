import { GraphQLError, parse } from 'graphql';
import { describe, expect, it } from 'vitest';

import { loggedError } from '../../src/telemetry/logged-error.ts';

const secret = 'a-secret-value';

function thrownBy(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

describe('an error in the log', () => {
  it('is known by its type, message, code and where it was thrown', () => {
    const error = Object.assign(new TypeError('cannot do this'), { code: 'E_THIS' });
    const { stack, ...rest } = loggedError(error);
    expect(rest).toEqual({ type: 'TypeError', message: 'cannot do this', code: 'E_THIS' });
    expect(stack).toMatch(/^ +at .*logged-error\.test\.ts/);
  });

  it('tells its causes, but not without end', () => {
    const error = new Error('outer');
    error.cause = new Error('inner', { cause: error });
    const logged = JSON.stringify(loggedError(error));
    expect(logged.match(/"message":"(?:outer|inner)"/g)).toHaveLength(4);
  });

  it.each([
    ['what JSON.parse met', () => JSON.parse(`{"token": ${secret}}`) as unknown],
    ['what it was told in a property', () => Object.assign(new Error('x'), { args: [secret] })],
    ['the document of GraphQL', () => parse(`{ field(token: "${secret}" `)],
    [
      'what GraphQL quotes',
      () =>
        new GraphQLError(`Expected a string, not "${secret}"`, { originalError: new Error('x') }),
    ],
    ['what was thrown without being an error', () => secret],
  ])('never has %s', (_name, work) => {
    const error = thrownBy(work);
    expect(JSON.stringify(loggedError(error))).not.toContain(secret);
  });
});
