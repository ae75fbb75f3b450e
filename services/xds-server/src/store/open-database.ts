// Opens the projection's file. It may be deleted at any time: whatever is wrong with it, it is set aside and rebuilt
// from the log.
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { createTables, schemaVersion } from './schema.ts';

/** An open file. */
export interface OpenedDatabase {
  readonly db: Database.Database;
  /** Why an existing file was set aside; undefined where it was not. */
  readonly setAside: string | undefined;
}

/** Pages of the file that are held, KiB: rows are read at the start alone, and the library's own 16 MiB would stay. */
const cacheKiB = 1024;

/** Opens `file`, made with mode 0600 where it is not there. One that is damaged or of another version is renamed to `<file>.broken`. */
export function openDatabase(file: string): OpenedDatabase {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fault = existsSync(file) ? faultOf(file) : undefined;
  if (fault !== undefined) setAside(file);
  const db = new Database(file);
  chmodSync(file, 0o600);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.pragma('busy_timeout = 5000');
  db.pragma('secure_delete = ON');
  db.pragma(`cache_size = ${-cacheKiB}`);
  if (db.pragma('user_version', { simple: true }) !== schemaVersion) {
    db.exec(createTables);
    db.pragma(`user_version = ${schemaVersion}`);
  }
  return { db, setAside: fault };
}

function faultOf(file: string): string | undefined {
  let db: Database.Database | undefined;
  try {
    db = new Database(file);
    const check = db.pragma('quick_check', { simple: true });
    if (check !== 'ok') return `damaged: ${String(check).slice(0, 200)}`;
    const version = db.pragma('user_version', { simple: true });
    const tables = db.prepare("SELECT count(*) AS n FROM sqlite_master WHERE type = 'table'").get() as {
      n: number;
    };
    // A file without tables was never finished: it is empty, not broken.
    return version === schemaVersion || tables.n === 0 ? undefined : `of version ${String(version)}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'unreadable';
  } finally {
    db?.close();
  }
}

function setAside(file: string): void {
  rmSync(`${file}.broken`, { force: true });
  renameSync(file, `${file}.broken`);
  for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
}
