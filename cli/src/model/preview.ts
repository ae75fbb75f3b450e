// What would be in force were other manifests applied. In: the state of now, and directories; out: the state that
// api-watcher's plan and the translator make of them, and the faults of the files.
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { type Environment, poolAddresses, previewFacts, validateFiles } from '@sluice/api-watcher/core';
import type { Fault } from '@sluice/events';
import { irHash } from '@sluice/ir';
import { inspectCertificate, loadSealingKey } from '@sluice/sealed-secret';
import { createTranslator, type IrLedger, type TranslatorOutput } from '@sluice/translator/core';
import type { FoundInstance } from '../standalone/instance.ts';
import { manifestFiles } from './manifest-files.ts';
import { factsOf, type Snapshot, setStatuses, type Translation } from './snapshot.ts';
import { World } from './world.ts';

/** The state after, and what is wrong in the files. */
export interface Preview {
  readonly snapshot: Snapshot;
  readonly faults: readonly Fault[];
}

/** What a preview is made from. */
export interface PreviewOptions {
  readonly base: Snapshot;
  readonly directories: readonly string[];
  readonly found: FoundInstance;
  readonly maxEventBytes: number;
  readonly translation: Translation;
}

/** Reads the directories and makes the state that they would bring about, in place of all that is watched now. */
export async function previewManifests(options: PreviewOptions): Promise<Preview> {
  const { base, directories } = options;
  const files = manifestFiles(directories).map(({ path, name }) => ({
    path,
    name,
    content: readFileSync(path),
  }));
  const { faults } = validateFiles(files.map(({ path, content }) => ({ file: path, content })));
  const planned = previewFacts({
    files: new Map(files.map(({ name, content }) => [name, content])),
    facts: base.world.facts,
    nowMs: Date.now(),
    environment: await environmentOf(options),
  });
  const label = `${directories.join(', ')} applied to ${base.label}`;
  if (planned.length === 0) return { snapshot: { ...base, label }, faults };
  const world = new World();
  for (const [subject, fact] of base.world.facts) world.facts.set(subject, fact);
  for (const { fact, encoded } of planned) world.foldFact(encoded.subject, fact);
  const factsSeq = base.factsSeq + planned.length;
  const revision = { epoch: base.revision?.epoch ?? 1, seq: factsSeq };
  translateInto(world, { base, revision, translation: options.translation });
  return { snapshot: { label, revision, factsSeq, world }, faults };
}

async function environmentOf({ found, maxEventBytes, translation }: PreviewOptions): Promise<Environment> {
  const { instance, layout } = found;
  const key = await loadSealingKey(layout.secretKey);
  return {
    addressing: {
      kind: 'pool',
      pool: poolAddresses(instance.pool),
      lowPortOffset: instance.lowPortOffset,
      usable: isOwnAddress,
    },
    controllers: new Set(translation.controllerNames),
    standalone: true,
    keyId: key.keyId,
    maxEventBytes,
    inspect: (secret) => inspectCertificate(key, secret),
  };
}

/** Whether a process here can bind an address: one of this machine's, or of its loopback network. */
function isOwnAddress(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const loopback = /^127\./.test(address) ? '127.0.0.1' : address;
  return own.some((known) => known.address.split('%', 1)[0] === loopback);
}

/** Goes on from the IR that is in force, so that what does not change keeps the revision of its last change. */
function translateInto(
  world: World,
  of: {
    readonly base: Snapshot;
    readonly revision: { readonly epoch: number; readonly seq: number };
    readonly translation: Translation;
  },
): void {
  const { base, revision, translation } = of;
  const committedIr: IrLedger = new Map(
    [...base.world.ir].map(([id, { resource, revision: since }]) => [
      id,
      { hash: irHash(resource), revision: since },
    ]),
  );
  const translator = createTranslator({ controllerNames: translation.controllerNames, committedIr });
  const output: TranslatorOutput = translator.apply({
    facts: factsOf(world),
    acks: translation.acks,
    revision,
  });
  for (const [id, revised] of base.world.ir) world.ir.set(id, revised);
  for (const { kind, key } of output.ir.removes) world.ir.delete(`${kind}:${key}`);
  for (const resource of output.ir.puts)
    world.ir.set(`${resource.kind}:${resource.key}`, { resource, revision });
  setStatuses(world, output.status.puts);
}
