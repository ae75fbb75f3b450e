// Least-power NATS permissions from what a user writes and reads. Which services those are is the caller's business.

import { controlSubject } from '../model/control.ts';

/** What one user of the event log does. */
export interface StreamAccess {
  /** Event subjects that it appends, by stream, e.g. `{ FACTS: ['object.v1.>'] }`. */
  readonly writes: Readonly<Record<string, readonly string[]>>;
  /** Streams that it reads. What it writes it may read as well: a writer must find its own place. */
  readonly reads: readonly string[];
  /** Streams whose epoch starts it writes, besides checkpoints; among `writes`. */
  readonly owns?: readonly string[];
  /** Streams whose checkpoints it writes and whose heads it purges, without owning them; among `writes` (with no subjects, if need be). */
  readonly checkpoints?: readonly string[];
  /** Names under which it opens writers; default: the user's own. `<group>.*` stands for all of a group. */
  readonly writerNames?: readonly string[];
  /** Core subjects for `notify` and `listen`. */
  readonly notifies?: readonly string[];
  readonly listens?: readonly string[];
}

/** NATS permissions of a user; whatever is not named is refused. */
export interface UserPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Prefix of a user's inboxes: no other user can listen there. @throws TypeError for a name that is no subject token */
export function inboxPrefix(name: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name))
    throw new TypeError('a user name consists of 1 to 64 letters, digits, - and _');
  return `_INBOX_${name}`;
}

/** The permissions that `name` needs for its access to the log, and no more. */
export function streamPermissions(name: string, access: StreamAccess): UserPermissions {
  const written = Object.keys(access.writes);
  const readable = [...new Set([...access.reads, ...written])];
  return {
    publish: [
      ...written.flatMap((stream) => writing(stream, access, access.writerNames ?? [name])),
      ...readable.flatMap(reading),
      ...(access.notifies ?? []),
    ],
    subscribe: [`${inboxPrefix(name)}.>`, ...(access.listens ?? [])],
  };
}

function writing(stream: string, access: StreamAccess, writers: readonly string[]): string[] {
  const own = [
    ...(access.writes[stream] ?? []),
    ...writers.map((writer) => controlSubject.aborted(stream, writer)),
    `$JS.API.STREAM.CREATE.${stream}`,
  ];
  const owns = access.owns?.includes(stream) === true;
  if (owns) own.push(controlSubject.epoch(stream));
  if (!owns && access.checkpoints?.includes(stream) !== true) {
    return [...own, ...writers.map((writer) => controlSubject.lease(stream, writer))];
  }
  // A lease below the cut is renewed for its holder, so all leases of the stream are within reach.
  const lease = controlSubject.lease(stream, '>');
  const chunks = controlSubject.chunks(stream);
  return [...own, lease, chunks, controlSubject.checkpoint(stream), `$JS.API.STREAM.PURGE.${stream}`];
}

function reading(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
  ];
}
