// The port of the sources. What comes in: objects as somebody declared them, with the place they stand at; what goes
// out: for each source, one stream of updates. A directory of files is one source, the Kubernetes API the other.
import type { Fault, Origin } from '@sluice/events';
import type { ObjectRef } from '@sluice/ir';
import type { DeclaredObject } from './declared-object.ts';

/** An object that was understood well enough to be named, and refused. */
export interface RefusedObject {
  readonly ref: ObjectRef;
  readonly origin: Origin;
  /** Never empty. */
  readonly faults: readonly Fault[];
}

/** What one part of a source (a file, or one kind of an API) holds. */
export interface SourcePart {
  readonly objects: readonly DeclaredObject[];
  readonly refused: readonly RefusedObject[];
  /** Faults that belong to no nameable object. With one of these, what the part held before stays in force. */
  readonly faults: readonly Fault[];
}

/** A kind that cannot be read. */
export interface Unavailable {
  readonly reason: string;
  /** There may be objects of the kind that cannot be seen: what is in force of them stays. */
  readonly unread: boolean;
}

/** A change of a source: each part that is new, changed (with all that it holds now), or gone (undefined). */
export interface SourceUpdate {
  /** True: a piece of the first list, which goes on. What is in none of its pieces may still come. */
  readonly isPiece?: boolean;
  readonly parts: ReadonlyMap<string, SourcePart | undefined>;
  /** Kinds that cannot be read at present, each by the key of `kindKey`; the others are complete as far as is known. */
  readonly unavailable: ReadonlyMap<string, Unavailable>;
  /** Milliseconds since 1970 when the change was noticed. */
  readonly noticedMs: number;
}

/** A place that objects come from. */
export interface Source {
  /**
   * The first update that is no piece completes the first list; it comes even when that is empty. Ends when the signal
   * aborts.
   */
  updates(signal: AbortSignal): AsyncIterable<SourceUpdate>;
}
