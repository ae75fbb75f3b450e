// What is written with every revision, prepared once: building and preparing a statement takes longer than running it.
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { and, eq, sql } from './drizzle.ts';
import { ackRows, irRows, progress } from './schema.ts';

const { placeholder } = sql;
const revision = { epoch: placeholder('epoch'), seq: placeholder('seq') };
const newRevision = { epoch: sql`excluded.epoch`, seq: sql`excluded.seq` };

/** The statements, to be run inside or outside of a transaction of `db`; placeholders are named as the columns. */
export function statementsOn(db: BetterSQLite3Database) {
  return {
    putIr: db
      .insert(irRows)
      .values({ kind: placeholder('kind'), key: placeholder('key'), json: placeholder('json'), ...revision })
      .onConflictDoUpdate({
        target: [irRows.kind, irRows.key],
        set: { json: sql`excluded.json`, ...newRevision },
      })
      .prepare(),
    deleteIr: db
      .delete(irRows)
      .where(and(eq(irRows.kind, placeholder('kind')), eq(irRows.key, placeholder('key'))))
      .prepare(),
    putProgress: db
      .insert(progress)
      .values({ id: 1, position: placeholder('position'), ...revision })
      .onConflictDoUpdate({
        target: progress.id,
        set: { position: sql`excluded.position`, ...newRevision },
      })
      .prepare(),
    putAck: db
      .insert(ackRows)
      .values({ node: placeholder('node'), incarnation: placeholder('incarnation'), ...revision })
      .onConflictDoUpdate({
        target: ackRows.node,
        set: { incarnation: sql`excluded.incarnation`, ...newRevision },
      })
      .prepare(),
  };
}

export type Statements = ReturnType<typeof statementsOn>;
