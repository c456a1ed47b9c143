import { writeFileSync } from 'node:fs';

import { schema } from './gateway.ts';
import { printSchema } from './schema/subgraph.ts';

// `npm run schema`. A test compares the file with the schema.
const file = new URL('../schema.graphql', import.meta.url);

writeFileSync(file, printSchema(schema));
