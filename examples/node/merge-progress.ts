/**
 * Notes how far an agent's run has come, and leaves the rest of its state as it is, whoever else writes
 * to it meanwhile: `merge-progress.ts [id] [step] [percentage] [version]`. With a version, only where it
 * is the one stored.
 */
import { describeFailure } from './failures.ts';
import { execute } from './gateway-client.ts';
import { graphql } from './generated/index.ts';
import type { MergeExecutionContextInput, MergeProgressMutation } from './generated/graphql.ts';

const mergeProgress = graphql(/* GraphQL */ `
  mutation MergeProgress($id: ID!, $input: MergeExecutionContextInput!) {
    mergeExecutionContext(id: $id, input: $input) {
      __typename
      ... on AiExecutionContext {
        id
        context
        version
      }
      ...Failure
    }
  }
`);

type MergeResult = MergeProgressMutation['mergeExecutionContext'];

/**
 * Merges, and once more where other writes to the context took so long that this one was not done. A
 * conflict with a version is left to whoever gave it.
 */
async function merge(id: string, input: MergeExecutionContextInput): Promise<MergeResult> {
  for (let attempts = 1; ; attempts++) {
    const { mergeExecutionContext: result } = await execute(mergeProgress, { id, input });
    const isBusy =
      result.__typename === 'ExecutionContextConflictError' && result.currentVersion === null;
    if (!isBusy || attempts === 3) return result;
  }
}

const [id = 'ctx_123', step = 'validation', progress = '90', ifVersion] = process.argv.slice(2);
const result = await merge(id, {
  patch: {
    current_step: step,
    progress: Number(progress),
    last_update: new Date().toISOString(),
  },
  ...(ifVersion !== undefined && { ifVersion }),
});

if (result.__typename === 'AiExecutionContext') {
  console.log(`${result.id} now holds ${JSON.stringify(result.context)}.`);
  console.log(`Its version is ${result.version}.`);
} else {
  console.log(describeFailure(result));
  process.exitCode = 1;
}
