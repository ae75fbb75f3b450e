import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Longest path of a Unix socket that we use, bytes; Linux takes 107 (sun_path). */
const maxSocketPathBytes = 100;
/** Longest name of a socket inside its directory. */
const longestSocketName = 'api-watcher-99.http.sock';

/** Where the parts of a data directory are. All paths are absolute. */
export interface Layout {
  readonly root: string;
  /** JetStream's store. */
  readonly nats: string;
  readonly keys: string;
  /** Seals secrets: 32 random bytes, 0600. */
  readonly secretKey: string;
  readonly run: string;
  readonly instance: string;
  readonly sockets: string;
  readonly xds: string;
  readonly log: string;
  /** Compiled code of the services; may be deleted. */
  readonly cache: string;
  /** 16 hex digits that stand for this data directory. */
  readonly id: string;
}

/** @param root absolute path of the data directory. */
export function layoutOf(root: string, of: { readonly tmpDir: string; readonly uid: number }): Layout {
  const id = createHash('sha256').update(root).digest('hex').slice(0, 16);
  const run = join(root, 'run');
  const tooLong = Buffer.byteLength(join(run, longestSocketName)) > maxSocketPathBytes;
  return {
    root,
    nats: join(root, 'nats'),
    keys: join(root, 'keys'),
    secretKey: join(root, 'keys', 'secret.key'),
    run,
    instance: join(run, 'instance.json'),
    sockets: tooLong ? join(of.tmpDir, `sluice-${of.uid}-${id}`) : run,
    xds: join(root, 'xds'),
    log: join(root, 'log'),
    cache: join(root, 'cache'),
    id,
  };
}

/** Makes the directories, each 0700. @throws Error where one is a link or belongs to somebody else. */
export function makeDirectories(layout: Layout, uid: number): void {
  const directories = [
    layout.root,
    layout.nats,
    layout.keys,
    layout.run,
    layout.sockets,
    layout.xds,
    layout.log,
    layout.cache,
  ];
  for (const directory of new Set(directories)) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const stat = lstatSync(directory);
    if (!stat.isDirectory() && directory !== layout.root) throw new Error(`${directory} is not a directory`);
    if (stat.uid !== uid) throw new Error(`${directory} belongs to user ${stat.uid}, not to ${uid}`);
    chmodSync(directory, 0o700);
  }
}
