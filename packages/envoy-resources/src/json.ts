/** A JSON object. */
export type JsonObject = { readonly [name: string]: Json };
/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

/** Whether a value is an object and no list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
