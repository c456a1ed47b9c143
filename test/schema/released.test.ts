import { CriticalityLevel, diff, type Change } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/**
 * What the coming major version takes away from clients of the last released one, whose schema is
 * test/released-schema.graphql. A release empties the list and takes the new schema over; CHANGELOG.md
 * names each change for people.
 */
const announced = ['DeletedExecutionContext.id', 'ExecutionContextNotFoundError.id'];

describe('the schema, beside the last released one', () => {
  it('breaks what is announced for the coming version, and nothing else', async () => {
    const changes = await changesBetween(released(), readFileSync('schema.graphql', 'utf8'));
    expect(breaking(changes)).toEqual(announced);
  });

  it('has every announced change in the change log', () => {
    const [, unreleased = ''] =
      /## \[Unreleased\]\n(.*?)\n## \[/s.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? [];
    expect(announced.filter((path) => !unreleased.includes(`\`${path}\``))).toEqual([]);
  });

  it.each([
    ['a field of another name', 'hasMore: Boolean!', 'more: Boolean!', true],
    ['a field that may be null now', 'hasMore: Boolean!', 'hasMore: Boolean', true],
    [
      'an input field that is required now',
      'input CreateExecutionContextInput {',
      'input CreateExecutionContextInput {\n  label: String!',
      true,
    ],
    ['a field that is new', 'hasMore: Boolean!', 'hasMore: Boolean!\n  total: Int', false],
  ])('is compared: %s', async (_, from, to, isBreaking) => {
    const before = released();
    const after = before.replace(from, to);
    expect(after).not.toBe(before);
    expect(breaking(await changesBetween(before, after)).length > 0).toBe(isBreaking);
  });
});

function released(): string {
  return readFileSync('test/released-schema.graphql', 'utf8');
}

function changesBetween(before: string, after: string): Promise<Change[]> {
  // The released schema applies directives of federation's that it does not define.
  const options = { assumeValidSDL: true };
  return diff(buildSchema(before, options), buildSchema(after, options));
}

function breaking(changes: readonly Change[]): string[] {
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ path, message }) => path ?? message)
    .sort();
}
