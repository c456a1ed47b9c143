/** Whether a parsed JSON value is an object, and so may have keys of the wire's. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
