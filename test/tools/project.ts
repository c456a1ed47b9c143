import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { everyOperation } from '../schema/every-operation.ts';

export const schemaText = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

export interface Run {
  readonly exitCode: number | null;
  /** Standard output, then standard error. */
  readonly output: string;
}

/** The folder of somebody's front end: `schema.graphql` as it is, and the files given. */
export interface Project extends Disposable {
  readonly directory: string;
  /** Runs a tool there. */
  run(tool: string, ...args: readonly string[]): Promise<Run>;
}

/** @param files - Their texts by name. */
export function createProject(files: Readonly<Record<string, string>>): Project {
  const directory = mkdtempSync(join(tmpdir(), 'schema-tools-'));
  for (const [name, text] of Object.entries({ 'schema.graphql': schemaText, ...files })) {
    writeFileSync(join(directory, name), text);
  }
  return {
    directory,
    run: (tool, ...args) =>
      new Promise((resolve) => {
        const script = toolFile(`node_modules/.bin/${tool}`);
        const options = { cwd: directory, env: { ...process.env, NO_COLOR: '1' } };
        const child = execFile(process.execPath, [script, ...args], options, (_, out, err) => {
          resolve({ exitCode: child.exitCode, output: out + err });
        });
      }),
    [Symbol.dispose]() {
      rmSync(directory, { recursive: true });
    },
  };
}

/** A file of this folder, where the tools are installed. */
export function toolFile(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** An operation for each root field, selecting everything it may answer: its text by its field. */
export function operationTexts(
  nameOf: (field: string, type: string) => string,
): Readonly<Record<string, string>> {
  const operations = everyOperation(schemaText);
  return Object.fromEntries(
    operations.map(({ type, field, body }) => [field, `${type} ${nameOf(field, type)}${body}\n`]),
  );
}

/** @returns The text with the first letter large. */
export function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** Selects a field that does not exist: a tool that sees it has loaded the types. */
export const misspelt = `query Misspelt {
  executionContext(id: "ctx_1") {
    ... on AiExecutionContext {
      id
      contxt
    }
  }
}
`;
