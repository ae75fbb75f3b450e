import { resolve } from 'node:path';
import { formatRevision } from '@sluice/events';
import { type IrResource, irIdOf, irResourceSchema } from '@sluice/ir';
import type { CommandContext, ExitCode } from '../command.ts';
import { type Translated, translateElsewhere } from '../model/other-translator.ts';
import { type Snapshot, setStatuses, settledEnvoys, snapshotAt } from '../model/snapshot.ts';
import { findCheckout } from '../model/translator-checkout.ts';
import { World } from '../model/world.ts';
import { standaloneControllers, UserError } from '../standalone/settings.ts';
import { installRoot } from '../standalone/toolchain.ts';
import type { DiffOutput, DiffTarget } from './diff-options.ts';
import { makeReport, printReport } from './diff-report.ts';
import { type LogSource, openFixture, openLog } from './replay-source.ts';

type Options = DiffOutput & DiffTarget & { readonly other: string };

/** Shows what another version of the translator makes of the facts. Findings (1): something other than what is on the log. */
export async function runReplayWith({ config, terminal }: CommandContext, of: Options): Promise<ExitCode> {
  const { tmpDir, path } = config;
  using checkout = await findCheckout(of.other, { installRoot, tmpDir, path });
  const dataDir = of.dataDir === undefined ? undefined : resolve(of.dataDir);
  await using source: LogSource =
    of.fixture === undefined ? await openLog(config, dataDir) : await openFixture(of.fixture);
  const translation = {
    controllerNames: source.found?.instance.controllerNames ?? standaloneControllers,
    acks: await settledEnvoys(source.log),
  };
  const now = await snapshotAt(source.log, { moment: undefined, translation });
  const { committed } = now.world;
  if (committed === undefined)
    throw new UserError('nothing was translated yet', '`sluice status` shows what is missing');
  const revision = formatRevision(committed.revision);
  const recorded = await snapshotAt(source.log, { moment: { type: 'revision', revision }, translation });
  const translated = await translateElsewhere({ root: checkout.root, snapshot: recorded, translation });
  const from = { ...recorded, label: `revision ${revision}, made by translator ${committed.translator}` };
  const to = snapshotOf(recorded, translated, `the same facts by the translator of ${checkout.label}`);
  const compared = await makeReport(source.found, {
    from,
    to,
    routeLayout: of.routeLayout,
    requests: of.requests,
  });
  const irHash = { from: committed.stateHash, to: translated.stateHash };
  const equal = compared.equal && irHash.from === irHash.to;
  const notes = [...checkout.notes, ...notesOf(translated, to)];
  printReport(terminal, { ...compared, equal, irHash, notes }, of);
  return equal ? 0 : 1;
}

/** What the other version made, as this version can read it. A resource that did not change keeps its revision. */
function snapshotOf(recorded: Snapshot, { ir, statuses }: Translated, label: string): Snapshot {
  const world = new World();
  for (const [subject, fact] of recorded.world.facts) world.facts.set(subject, fact);
  const foreign = new Map<string, unknown>();
  const revision = recorded.revision ?? { epoch: 0, seq: 0 };
  for (const raw of ir) {
    const resource = knownResource(raw);
    if (resource === undefined) foreign.set(`${raw.kind}:${raw.key}`, raw);
    else {
      const id = irIdOf(resource);
      world.ir.set(id, { resource, revision: recorded.world.ir.get(id)?.revision ?? revision });
    }
  }
  setStatuses(world, statuses);
  return { label, revision: recorded.revision, factsSeq: recorded.factsSeq, world, foreign };
}

function knownResource(raw: unknown): IrResource | undefined {
  return irResourceSchema.safeParse(raw).data;
}

function notesOf({ ready, undecodable, unlistedKinds }: Translated, { foreign }: Snapshot): string[] {
  const [first] = undecodable;
  const unknown = foreign?.size ?? 0;
  return [
    ...(ready
      ? []
      : ['that version gives out nothing for these facts: it waits for the first list of a kind']),
    ...(first === undefined
      ? []
      : [
          `that version cannot read ${undecodable.length} facts, the first is ${first.subject}: ${first.error}`,
        ]),
    ...(unlistedKinds.length === 0
      ? []
      : [`that version reads ${unlistedKinds.join(', ')} too, of which nothing is on the log yet`]),
    ...(unknown === 0
      ? []
      : [
          `${unknown} resources are in a form that this version does not know: xDS and requests are compared without them`,
        ]),
  ];
}
