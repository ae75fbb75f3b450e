// One line of a watch → what happened. Kubernetes API concepts, "Efficient detection of changes".
import { type ApiObject, type ApiStatus, asApiObject, asApiStatus, isRecord } from './api-object.ts';

/** What a line of a watch says. */
export type WatchEvent =
  | { readonly kind: 'put'; readonly object: ApiObject }
  | { readonly kind: 'removed'; readonly object: ApiObject }
  /** Nothing happened up to here. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }
  /** The watch failed on the server. */
  | { readonly kind: 'error'; readonly status: ApiStatus }
  /** The line cannot be understood: what it said of some object is lost. `reason` holds none of its text. */
  | { readonly kind: 'damaged'; readonly reason: string };

/** Reads the bytes of one line, without its end. Never throws. */
export function readWatchLine(line: Uint8Array): WatchEvent {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line));
  } catch (error) {
    return { kind: 'damaged', reason: error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8' };
  }
  if (!isRecord(value)) return { kind: 'damaged', reason: 'is not an event' };
  switch (value.type) {
    case 'ADDED':
    case 'MODIFIED':
      return ofObject('put', value.object);
    case 'DELETED':
      return ofObject('removed', value.object);
    case 'BOOKMARK':
      return bookmark(value.object);
    case 'ERROR':
      return { kind: 'error', status: asApiStatus(value.object, 0) };
    default:
      return { kind: 'damaged', reason: 'is of a type that is not known' };
  }
}

function ofObject(kind: 'put' | 'removed', value: unknown): WatchEvent {
  const object = asApiObject(value);
  return object === undefined
    ? { kind: 'damaged', reason: 'holds an object without name, uid or resourceVersion' }
    : { kind, object };
}

/** A bookmark's object has nothing but a resourceVersion. */
function bookmark(value: unknown): WatchEvent {
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : {};
  const { resourceVersion } = metadata;
  return typeof resourceVersion === 'string' && resourceVersion !== ''
    ? { kind: 'bookmark', resourceVersion }
    : { kind: 'damaged', reason: 'is a bookmark without resourceVersion' };
}
