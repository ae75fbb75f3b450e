// Fields of a message in its JSON form (names of the protos). What is not there, or of another type, is the default.
import { isObject, type Json, type JsonObject } from '../json.ts';

const nothing: JsonObject = {};

/** A message field; one without fields where it is not set. */
export function messageIn(message: JsonObject, name: string): JsonObject {
  const value = message[name];
  return isObject(value) ? value : nothing;
}

/** A message field; undefined where it is not set. */
export function optionalIn(message: JsonObject, name: string): JsonObject | undefined {
  const value = message[name];
  return isObject(value) ? value : undefined;
}

/** A list of messages. */
export function messagesIn(message: JsonObject, name: string): readonly JsonObject[] {
  return listIn(message, name).filter(isObject);
}

/** A list of texts. */
export function textsIn(message: JsonObject, name: string): readonly string[] {
  return listIn(message, name).filter((item) => typeof item === 'string');
}

/** A text; empty where it is not set. */
export function textIn(message: JsonObject, name: string): string {
  const value = message[name];
  return typeof value === 'string' ? value : '';
}

/** A number, also one that JSON writes as text (64 bits). */
export function numberIn(message: JsonObject, name: string, otherwise: number): number {
  const value = message[name];
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : otherwise;
}

/** Whether a field is true. */
export function isTrue(message: JsonObject, name: string): boolean {
  return message[name] === true;
}

/** The short name of the type in `@type`: `Router` of `type.googleapis.com/envoy.….v3.Router`. */
export function shortType(message: JsonObject): string {
  return textIn(message, '@type').split('.').at(-1) ?? '';
}

function listIn(message: JsonObject, name: string): readonly Json[] {
  const value = message[name];
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}
