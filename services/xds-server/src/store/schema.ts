// Tables of the projection. A change of them raises `schemaVersion`: an older file is set aside and rebuilt from the log.
import { blob, integer, primaryKey, sqliteTable, text } from './drizzle.ts';

/** Version of the tables, kept in the file's `user_version`. */
export const schemaVersion = 2;

/** One row: how far the IR stream is folded in. */
export const progress = sqliteTable('progress', {
  id: integer('id').primaryKey(),
  /** JSON of the log's `Position`. */
  position: text('position').notNull(),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
});

/** The IR, with the revision that last changed each resource. */
export const irRows = sqliteTable(
  'ir',
  {
    kind: text('kind').notNull(),
    key: text('key').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    json: text('json').notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.key] })],
);

/** The newest revision that each Envoy has acknowledged, in this incarnation of the IR stream. */
export const ackRows = sqliteTable('ack', {
  node: text('node').primaryKey(),
  incarnation: text('incarnation').notNull(),
  epoch: integer('epoch').notNull(),
  seq: integer('seq').notNull(),
});

/** Refusals in force, each with the version that the Envoy holds instead. Never of secrets' bytes. */
export const refusalRows = sqliteTable(
  'refusal',
  {
    node: text('node').notNull(),
    kind: text('kind').notNull(),
    name: text('name').notNull(),
    version: text('version').notNull(),
    message: text('message').notNull(),
    epoch: integer('epoch').notNull(),
    seq: integer('seq').notNull(),
    goodVersion: text('good_version'),
    goodBody: blob('good_body', { mode: 'buffer' }),
    /** JSON of `uses` and `sources` of the good version. */
    goodParts: text('good_parts'),
  },
  (table) => [primaryKey({ columns: [table.node, table.kind, table.name] })],
);

/** Sealed key pairs as they stand on the log, never opened ones. */
export const secretRows = sqliteTable(
  'secret',
  {
    /** `<namespace>/<name>`, as certificates of the IR are keyed. */
    key: text('key').notNull(),
    uid: text('uid').notNull(),
    digest: text('digest').notNull(),
    /** JSON of the `SecretSealed` event. */
    json: text('json').notNull(),
  },
  (table) => [primaryKey({ columns: [table.key, table.uid, table.digest] })],
);

/** What makes an empty file. */
export const createTables = `
  CREATE TABLE progress (id INTEGER PRIMARY KEY, position TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL);
  CREATE TABLE ir (kind TEXT NOT NULL, key TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (kind, key)) WITHOUT ROWID;
  CREATE TABLE ack (node TEXT PRIMARY KEY, incarnation TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL);
  CREATE TABLE refusal (node TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
    message TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, good_version TEXT, good_body BLOB, good_parts TEXT,
    PRIMARY KEY (node, kind, name));
  CREATE TABLE secret (key TEXT NOT NULL, uid TEXT NOT NULL, digest TEXT NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (key, uid, digest)) WITHOUT ROWID;
`;
