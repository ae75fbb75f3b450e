import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeLock } from './lock.ts';
import { ManagedProcess } from './managed-process.ts';
import { PidFile } from './pid-file.ts';
import { findMarked, identityOf, isAlive, signalProcess } from './process-identity.ts';
import type { ProcessSpec } from './process-spec.ts';
import { endProcess } from './stop.ts';

const program =
  'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000); console.log("up");';

let directory: string;
let instanceId: string;
let notes: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-test-'));
  instanceId = `test-${directory.slice(-6)}`;
  notes = [];
});

afterEach(async () => {
  await Promise.all(findMarked(instanceId).map(({ identity }) => endProcess(identity, 1_000)));
  rmSync(directory, { recursive: true, force: true });
});

function spec(change: Partial<ProcessSpec> = {}): ProcessSpec {
  return {
    name: 'sleeper',
    command: process.execPath,
    args: () => ['-e', program],
    env: {},
    cwd: directory,
    logFile: join(directory, 'sleeper.log'),
    configHash: 'one',
    handover: false,
    orphaned: false,
    stopTimeoutMs: 2_000,
    probe: async () => ({ ok: true, detail: '' }),
    ...change,
  };
}

function manage(change?: Partial<ProcessSpec>): ManagedProcess {
  return new ManagedProcess(spec(change), {
    instanceId,
    pidFile: new PidFile(directory, 'sleeper'),
    note: (text) => notes.push(text),
    changed: () => {},
  });
}

async function until<T>(find: () => T | undefined): Promise<T> {
  return expect
    .poll(find, { timeout: 10_000, interval: 20 })
    .toBeTruthy()
    .then(() => find() as T);
}

function pidOf(managed: ManagedProcess): number {
  const pid = managed.view.pid;
  if (pid === undefined) throw new Error('no process');
  return pid;
}

describe('a managed process', () => {
  it.each([
    [false, 'was ended by SIGKILL'],
    [true, 'ended'],
  ])('comes back after kill -9; orphaned: %s', async (orphaned, how) => {
    const managed = manage({ orphaned });
    await managed.start();
    await until(() => managed.ready);
    const first = pidOf(managed);
    process.kill(first, 'SIGKILL');
    await until(() => managed.ready && managed.view.pid !== first);
    expect(managed.view).toMatchObject({ restarts: 1, lastExit: how, adopted: false });
    expect(notes).toEqual([`sleeper ${how}; started again at once`]);
    await managed.stop();
    // The shell that left the program to init may be seen for a moment longer.
    await until(() => findMarked(instanceId).length === 0);
  });

  it('is taken over when nothing about it changed, and still watched', async () => {
    const earlier = manage();
    await earlier.start();
    const first = pidOf(earlier);
    const later = manage();
    await later.start();
    expect(later.view).toMatchObject({ pid: first, adopted: true });
    earlier.abandon();
    process.kill(first, 'SIGKILL');
    await until(() => later.ready && later.view.pid !== first);
    expect(later.view.adopted).toBe(false);
    await later.stop();
  });

  it('is replaced when its configuration changed', async () => {
    const earlier = manage();
    await earlier.start();
    const first = identityOf(pidOf(earlier));
    earlier.abandon();
    const later = manage({ configHash: 'two' });
    await later.start();
    expect(first && isAlive(first)).toBe(false);
    expect(pidOf(later)).not.toBe(first?.pid);
    await later.stop();
  });

  it('never touches another process that got the pid of a record', async () => {
    const pidFile = new PidFile(directory, 'sleeper');
    pidFile.write({ pid: process.pid, startTime: 'some-earlier-boot:1', configHash: 'other', epoch: 0 });
    const managed = manage();
    await managed.start();
    expect(pidOf(managed)).not.toBe(process.pid);
    await managed.stop();
    expect(signalProcess({ pid: process.pid, startTime: 'some-earlier-boot:1' }, 'SIGKILL')).toBe(false);
  });

  it('is killed when it does not heed SIGTERM', async () => {
    const marker = join(directory, 'ready');
    const stubborn = `process.on("SIGTERM", () => {}); require("fs").writeFileSync(${JSON.stringify(marker)}, ""); setInterval(() => {}, 1000);`;
    const managed = manage({
      args: () => ['-e', stubborn],
      stopTimeoutMs: 100,
      probe: async () => ({ ok: existsSync(marker), detail: '' }),
    });
    await managed.start();
    await until(() => managed.ready);
    await managed.stop();
    expect(findMarked(instanceId)).toEqual([]);
  });

  it('waits longer from restart to restart while it never gets healthy', async () => {
    const managed = manage({
      args: () => ['-e', 'process.exit(3)'],
      probe: async () => ({ ok: false, detail: 'not yet' }),
    });
    await managed.start();
    await until(() => notes.length >= 3);
    await managed.stop();
    expect(notes.slice(0, 3)).toEqual([
      'sleeper exited with code 3; started again at once',
      'sleeper exited with code 3; started again in 100 ms',
      'sleeper exited with code 3; started again in 200 ms',
    ]);
  });

  it('says why a program cannot be started', async () => {
    const managed = manage({ command: join(directory, 'missing') });
    await managed.start();
    await until(() => notes.length > 0);
    await managed.stop();
    expect(notes[0]).toMatch(/^sleeper could not be started: .*ENOENT; started again at once$/);
  });

  it.each([false, true])(
    'lives on with its output in a file when the one who started it is killed; orphaned: %s',
    async (orphaned) => {
      const child = join(directory, 'child.mjs');
      writeFileSync(
        child,
        `import { ManagedProcess } from ${JSON.stringify(new URL('./managed-process.ts', import.meta.url).href)};
       import { PidFile } from ${JSON.stringify(new URL('./pid-file.ts', import.meta.url).href)};
       const managed = new ManagedProcess({
         name: 'sleeper', command: process.execPath, env: {}, cwd: ${JSON.stringify(directory)}, configHash: 'one', handover: false, orphaned: ${orphaned},
         args: () => ['-e', 'setInterval(() => console.log("alive"), 20)'], stopTimeoutMs: 1000,
         logFile: ${JSON.stringify(join(directory, 'sleeper.log'))}, probe: async () => ({ ok: true, detail: '' }),
       }, { instanceId: ${JSON.stringify(instanceId)}, pidFile: new PidFile(${JSON.stringify(directory)}, 'sleeper'), note: () => {}, changed: () => {} });
       await managed.start();
       process.kill(process.pid, 'SIGKILL');`,
      );
      expect(spawnSync(process.execPath, [child]).signal).toBe('SIGKILL');
      const log = join(directory, 'sleeper.log');
      const before = statSync(log).size;
      await until(() => statSync(log).size > before + 20);
      const [found] = findMarked(instanceId);
      expect(found?.name).toBe('sleeper');
    },
  );
});

describe('the lock of a data directory', () => {
  it('is held by one only and free after release', async () => {
    const of = { uid: 0, id: instanceId };
    const first = await takeLock(of);
    expect(first).toBeDefined();
    expect(await takeLock(of)).toBeUndefined();
    first?.release();
    await expect.poll(() => takeLock(of), { timeout: 5_000 }).toBeDefined();
  });
});
