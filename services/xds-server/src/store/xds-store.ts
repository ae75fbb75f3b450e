// The last good state of this server: the IR with its position on the log, what each Envoy has acknowledged, what it
// has refused. Rows and position change in one transaction.
import type { Position } from '@sluice/event-log';
import { decodeSecretEvent, type Revision, type SecretEvent } from '@sluice/events';
import { irResourceSchema } from '@sluice/ir';
import type Database from 'better-sqlite3';
import type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import type { IrChange } from '../core/ir-state.ts';
import type { Refusal } from '../core/quarantine.ts';
import { and, drizzle, eq } from './drizzle.ts';
import { openDatabase } from './open-database.ts';
import { refusalOf, rowOf } from './refusal-row.ts';
import { ackRows, irRows, progress, refusalRows, secretRows } from './schema.ts';
import { type Statements, statementsOn } from './statements.ts';

/** How far the IR is folded in. */
export interface Progress {
  readonly position: Position;
  readonly revision: Revision;
}

/** A sealed key pair as it stands on the log. */
export type Sealed = Extract<SecretEvent, { type: 'SecretSealed' }>;

/** A sealed key pair with the key of its certificate. */
export interface StoredSecret {
  readonly key: string;
  readonly sealed: Sealed;
}

/** The IR as it was stored. */
export interface StoredIr extends Progress {
  readonly changes: readonly IrChange[];
}

/** A step of the projection. `reset`: the changes are the whole IR. */
export interface IrStep extends Progress {
  readonly reset: boolean;
  readonly changes: readonly IrChange[];
}

/** What an Envoy has acknowledged of one incarnation of the stream. */
export interface NodeAck {
  readonly node: string;
  readonly revision: Revision;
  readonly incarnation: string;
}

export class XdsStore {
  readonly #db: BetterSQLite3Database & { $client: Database.Database };
  readonly #statements: Statements;
  /** Why the file that was there is set aside; undefined where it is in use. */
  readonly setAside: string | undefined;

  constructor(file: string) {
    const opened = openDatabase(file);
    this.#db = drizzle(opened.db);
    this.#statements = statementsOn(this.#db);
    this.setAside = opened.setAside;
  }

  /** The stored IR; undefined where there is none, or a row is not of this version's model. */
  load(): StoredIr | undefined {
    const row = this.#db.select().from(progress).get();
    if (row === undefined) return undefined;
    const changes: IrChange[] = [];
    for (const stored of this.#db.select().from(irRows).all()) {
      const parsed = irResourceSchema.safeParse(JSON.parse(stored.json));
      if (!parsed.success) return undefined;
      const revision = { epoch: stored.epoch, seq: stored.seq };
      changes.push({ kind: parsed.data.kind, key: parsed.data.key, resource: parsed.data, revision });
    }
    return { position: JSON.parse(row.position), revision: { epoch: row.epoch, seq: row.seq }, changes };
  }

  /** Writes steps, each with its changes, revision and position, and what Envoys have acknowledged, in one transaction. */
  saveAll({ steps, acks }: { readonly steps: readonly IrStep[]; readonly acks: readonly NodeAck[] }): void {
    const { putIr, deleteIr, putProgress, putAck } = this.#statements;
    this.#db.transaction((tx) => {
      for (const { reset, changes } of steps) {
        if (reset) tx.delete(irRows).run();
        for (const change of changes) {
          const { kind, key, resource } = change;
          if (resource === undefined) deleteIr.run({ kind, key });
          else putIr.run({ kind, key, ...change.revision, json: JSON.stringify(resource) });
        }
      }
      const last = steps.at(-1);
      if (last !== undefined) putProgress.run({ position: JSON.stringify(last.position), ...last.revision });
      for (const { node, revision, incarnation } of acks) putAck.run({ node, incarnation, ...revision });
    });
  }

  /** What Envoys have acknowledged of this incarnation of the stream: nothing older may be sent to them. */
  acks(incarnation: string): { node: string; revision: Revision }[] {
    const rows = this.#db.select().from(ackRows).where(eq(ackRows.incarnation, incarnation)).all();
    return rows.map(({ node, epoch, seq }) => ({ node, revision: { epoch, seq } }));
  }

  /** The sealed key pairs; one that this version cannot read is left out. */
  secrets(): StoredSecret[] {
    const rows = this.#db.select().from(secretRows).all();
    return rows.flatMap(({ key, json }) => {
      const decoded = decodeSecretEvent(Buffer.from(json));
      return decoded.ok && decoded.event.type === 'SecretSealed' ? [{ key, sealed: decoded.event }] : [];
    });
  }

  /** Writes and deletes sealed key pairs in one transaction. */
  saveSecrets(put: readonly StoredSecret[], removed: readonly StoredSecret[]): void {
    this.#db.transaction((tx) => {
      for (const { key, sealed } of removed) {
        const { uid, digest } = sealed;
        const same = [eq(secretRows.key, key), eq(secretRows.uid, uid), eq(secretRows.digest, digest)];
        tx.delete(secretRows)
          .where(and(...same))
          .run();
      }
      for (const { key, sealed } of put) {
        const { uid, digest } = sealed;
        const values = { key, uid, digest, json: JSON.stringify(sealed) };
        const target = [secretRows.key, secretRows.uid, secretRows.digest];
        tx.insert(secretRows).values(values).onConflictDoUpdate({ target, set: values }).run();
      }
    });
  }

  /** The refusals in force. */
  refusals(): Refusal[] {
    return this.#db.select().from(refusalRows).all().map(refusalOf);
  }

  saveRefusal(refusal: Refusal): void {
    const values = rowOf(refusal);
    this.#db
      .insert(refusalRows)
      .values(values)
      .onConflictDoUpdate({ target: [refusalRows.node, refusalRows.kind, refusalRows.name], set: values })
      .run();
  }

  deleteRefusal({ node, kind, name }: Pick<Refusal, 'node' | 'kind' | 'name'>): void {
    this.#db
      .delete(refusalRows)
      .where(and(eq(refusalRows.node, node), eq(refusalRows.kind, kind), eq(refusalRows.name, name)))
      .run();
  }

  close(): void {
    this.#db.$client.close();
  }
}
