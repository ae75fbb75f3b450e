// A refusal to a row and back. Of a Secret no bytes are kept.
import { objectRefSchema } from '@sluice/ir';
import { z } from 'zod';
import type { Refusal } from '../core/quarantine.ts';
import { type XdsKind, xdsKinds } from '../core/type-urls.ts';
import type { XdsResource } from '../core/xds-resource.ts';
import type { refusalRows } from './schema.ts';

type Row = typeof refusalRows.$inferSelect;

const partsSchema = z.object({
  uses: z.array(z.object({ kind: z.enum(xdsKinds as readonly [XdsKind, ...XdsKind[]]), name: z.string() })),
  sources: z.array(objectRefSchema),
});

/** The row of a refusal. */
export function rowOf(refusal: Refusal): Row {
  const good = refusal.kind === 'secret' ? undefined : refusal.lastGood;
  return {
    node: refusal.node,
    kind: refusal.kind,
    name: refusal.name,
    version: refusal.version,
    message: refusal.message,
    epoch: refusal.revision.epoch,
    seq: refusal.revision.seq,
    goodVersion: good?.version ?? null,
    goodBody: good === undefined ? null : Buffer.from(good.body),
    goodParts: good === undefined ? null : JSON.stringify({ uses: good.uses, sources: good.sources }),
  };
}

/** The refusal of a row. Throws where the row was not written by `rowOf`. */
export function refusalOf(row: Row): Refusal {
  const kind = z.enum(xdsKinds as readonly [XdsKind, ...XdsKind[]]).parse(row.kind);
  return {
    node: row.node,
    kind,
    name: row.name,
    version: row.version,
    message: row.message,
    revision: { epoch: row.epoch, seq: row.seq },
    resource: undefined,
    lastGood: lastGoodOf(row, kind),
  };
}

function lastGoodOf(row: Row, kind: XdsKind): XdsResource | undefined {
  if (row.goodVersion === null || row.goodBody === null || row.goodParts === null) return undefined;
  const { uses, sources } = partsSchema.parse(JSON.parse(row.goodParts));
  return {
    kind,
    name: row.name,
    version: row.goodVersion,
    body: new Uint8Array(row.goodBody),
    uses,
    sources,
  };
}
