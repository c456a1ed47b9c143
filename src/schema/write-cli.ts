import { writeFileSync } from 'node:fs';

import { schema } from './index.ts';
import { printSchema } from './print.ts';

const file = new URL('../../schema.graphql', import.meta.url);

writeFileSync(file, printSchema(schema));
