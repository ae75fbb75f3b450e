// What is written with every revision, prepared once: building and preparing a statement takes longer than running it.

import type Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { sql } from './drizzle.ts';
import { ackRows, type irRows, progress } from './schema.ts';

const { placeholder } = sql;
const revision = { epoch: placeholder('epoch'), seq: placeholder('seq') };
const newRevision = { epoch: sql`excluded.epoch`, seq: sql`excluded.seq` };

type StoredRow = typeof irRows.$inferSelect;

/** The statements, to be run inside or outside of a transaction of `db`; placeholders are named as the columns. */
export function statementsOn(db: BetterSQLite3Database & { $client: Database.Database }) {
  return {
    // There are thousands of these at a start: a statement of the driver's own takes a tenth of the time.
    putIr: db.$client.prepare<[StoredRow]>(
      `INSERT INTO ir (kind, key, epoch, seq, json) VALUES (@kind, @key, @epoch, @seq, @json)
       ON CONFLICT (kind, key) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq, json = excluded.json`,
    ),
    deleteIr: db.$client.prepare<[Pick<StoredRow, 'kind' | 'key'>]>(
      'DELETE FROM ir WHERE kind = @kind AND key = @key',
    ),
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
