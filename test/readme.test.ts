import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { startApplication } from '../src/application.ts';
import { readConfig } from '../src/config.ts';
import { createLogger } from '../src/telemetry/logger.ts';

const readme = readFileSync('README.md', 'utf8');

describe('the README', () => {
  it('describes every variable that is read, and no other', () => {
    const section = /## Configuration\n(.*?)\n## /s.exec(readme)?.[1] ?? '';
    const described = Array.from(section.matchAll(/^\| `([A-Z_]+)`/gm), ([, name]) => name);
    const read = variablesRead().filter((name) => !isForTracing(name));
    expect(described.filter((name) => !isForTracing(name ?? '')).toSorted()).toEqual(
      read.toSorted(),
    );
    expect(described).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
  });

  it('leaves the variables of OpenTelemetry to docs/operating.md, which has them all', () => {
    const section =
      /## Traces\n(.*?)\n## /s.exec(readFileSync('docs/operating.md', 'utf8'))?.[1] ?? '';
    const described = new Set<string>();
    for (const [, cell = ''] of section.matchAll(/^\| (`OTEL_.*?) \|/gm)) {
      const names = Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
      // Such as `…_CLIENT_KEY`, after a name that begins alike.
      const [first = ''] = names;
      const prefix = /^OTEL_(?:EXPORTER_OTLP|BSP)/.exec(first)?.[0] ?? '';
      for (const name of names) described.add(name.replace('…', prefix));
    }
    for (const name of [...described]) {
      if (!/^OTEL_EXPORTER_OTLP_(?!TRACES_)/.test(name)) continue;
      described.add(name.replace('OTLP_', 'OTLP_TRACES_'));
    }
    expect([...described].toSorted()).toEqual(variablesRead().filter(isForTracing).toSorted());
  });

  it('has a curl line that works as it stands, and shows its answer', async () => {
    const [, command = ''] = /```sh\n(curl .*?)```/s.exec(readme) ?? [];
    const [, answer = ''] = /```json\n(.*?)```/s.exec(readme) ?? [];
    const config = readConfig({ PORT: '0', SHUTDOWN_DRAIN_MS: '0' });
    const gateway = await startApplication({ config, logger: createLogger({ level: 'silent' }) });
    const line = command.replace('http://127.0.0.1:4000', gateway.url);
    expect(line).not.toBe(command);
    const { stdout } = await promisify(execFile)('sh', ['-c', line]);
    await gateway.close();
    expect(JSON.parse(stdout)).toEqual(JSON.parse(answer));
  });

  it.each(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs/clients.md', 'docs/embedding.md'])(
    'has links in %s that lead somewhere',
    (file) => {
      const links = readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g);
      const dead = Array.from(links, ([, path = '']) => join(dirname(file), path)).filter(
        (path) => !existsSync(path),
      );
      expect(dead).toEqual([]);
    },
  );
});

function isForTracing(variable: string): boolean {
  return variable.startsWith('OTEL_');
}

/** Every variable that is looked up, with the sandbox and with an upstream. */
function variablesRead(): string[] {
  const read = new Set<string>();
  const upstream = {
    UPSTREAM_URL: 'https://api.example.com',
    UPSTREAM_API_KEY: 'key',
    JWT_ISSUER: 'https://login.example.com',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com',
  };
  for (const environment of [{}, upstream]) {
    readConfig(
      new Proxy<Record<string, string>>(environment, {
        get(values, name) {
          read.add(String(name));
          return Reflect.get(values, name) as unknown;
        },
      }),
    );
  }
  return [...read];
}
