import { assertObjectType, type GraphQLSchema } from 'graphql';

import { printSchema } from './print.ts';

/**
 * Lets `_service { sdl }` answer what `schema.graphql` holds, byte for byte, so that a platform can
 * tell by a plain comparison whether a deployment serves the schema it was checked with. Of itself
 * the answer lacks the newline that ends the file.
 *
 * @returns The schema that was given, changed.
 */
export function withServiceSdl(schema: GraphQLSchema): GraphQLSchema {
  const { sdl: field } = assertObjectType(schema.getType('_Service')).getFields();
  if (field === undefined) throw new TypeError('The schema has no field _Service.sdl.');
  const sdl = printSchema(schema);
  field.resolve = () => sdl;
  return schema;
}
