import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from '../process.ts';
import { until } from '../until.ts';

/** Directories of cgroup2 that tests make are named after the test's process, so that a later run can tell what was left behind. */
const name = /^sluice-test-(\d+)-\d+$/;
let made = 0;

/** Where cgroup2 is mounted; undefined where it is not. */
export function cgroupRoot(): string | undefined {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')).find((fields) => fields[2] === 'cgroup2')?.[1];
}

/** A cgroup of the test's own, below the root. `remove` ends all that runs in it or below. */
export interface TestCgroup {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes an empty cgroup, and removes those of test processes that are gone.
 * @throws Error where no cgroup2 is mounted
 */
export async function testCgroup(): Promise<TestCgroup> {
  const root = cgroupRoot();
  if (root === undefined) throw new Error('no cgroup2 is mounted');
  for (const entry of readdirSync(root)) {
    const owner = name.exec(entry)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) await removeTree(join(root, entry));
  }
  made += 1;
  const path = join(root, `sluice-test-${process.pid}-${made}`);
  mkdirSync(path);
  return { path, remove: () => removeTree(path) };
}

async function removeTree(path: string): Promise<void> {
  writeFileSync(join(path, 'cgroup.kill'), '1');
  await until(() => removed(path), { message: `the end of what runs in ${path}` });
}

/** A cgroup can be removed when its last process is reaped; EBUSY until then. */
function removed(path: string): boolean {
  if (!existsSync(path)) return true;
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory()) removed(join(path, entry.name));
  rmdirSync(path);
  return true;
}
