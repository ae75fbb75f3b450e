// What api-watcher would write were it started on other manifests. In: files, and the facts in force; out: the facts of
// its first list, decided by the very plan that decides on the live log.
import { encodeEvent, type Fact } from '@sluice/events';
import { canonicalJson } from '@sluice/ir';
import { Declarations } from './declarations.ts';
import type { Environment, PlannedFact } from './draft.ts';
import { everyKey, everyPart, kindsSynced } from './first-list.ts';
import { InForce } from './in-force.ts';
import { plan } from './plan.ts';
import { readBytes } from './read-part.ts';

/** What a preview is made from. */
export interface PreviewInput {
  /** Every manifest file by the name that a source gives it: relative to its directory, with its label where there are several. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The facts in force by subject. */
  readonly facts: ReadonlyMap<string, Fact>;
  /** Expiry of certificates is judged at this moment, milliseconds since 1970. */
  readonly nowMs: number;
  readonly environment: Environment;
}

/**
 * The facts that would be written, in order; empty where the files declare what is in force. The files stand for all
 * sources: what is in none of them goes, save for what may stand in a file that cannot be read.
 */
export function previewFacts({ files, facts, nowMs, environment }: PreviewInput): PlannedFact[] {
  const inForce = new InForce();
  for (const [subject, fact] of facts) inForce.apply(subject, fact);
  const declarations = new Declarations();
  for (const [name, content] of files) declarations.setPart(name, readBytes(content, name).part);
  const { facts: planned } = plan({
    declarations,
    inForce,
    keys: everyKey(declarations, inForce),
    parts: everyPart(declarations, inForce),
    addressesChanged: true,
    nowMs,
    environment,
  });
  const closing = kindsSynced(new Map())
    .map((fact) => ({ fact, encoded: encodeEvent(fact) }))
    .filter(
      ({ fact, encoded }) =>
        canonicalJson(inForce.synced.get(encoded.subject) ?? null) !== canonicalJson(fact),
    );
  return [...planned, ...closing];
}
