import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

import { createMetrics } from '../src/telemetry/metrics.ts';

const page = readFileSync('docs/operating.md', 'utf8');

it('alerts on metrics that there are', async () => {
  const exposed = await createMetrics().text();
  const families = Array.from(exposed.matchAll(/^# TYPE (\w+)/gm), ([, name]) => name);
  const named = Array.from(page.matchAll(/\b(?:gateway|nodejs)_[a-z0-9_]+/g), ([name]) =>
    name.replace(/_(?:bucket|count|sum)$/, ''),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !families.includes(name))).toEqual([]);
});
