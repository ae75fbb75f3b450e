import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { identityOf, type ProcessIdentity } from './process-identity.ts';
import type { Launch, ProcessSpec } from './process-spec.ts';

/** A process that was just started, in a session of its own, with its output going to files. */
export interface Spawned {
  readonly identity: ProcessIdentity;
  /** Resolves when it has ended, with how, in words. */
  readonly ended: Promise<string>;
}

/**
 * A shell that leaves the program to init: it starts a second one, tells its pid and ends; that one waits for just this
 * end before it becomes the program. A program that asks the kernel for a signal at its parent's end, as Envoy does,
 * then has a parent that never ends.
 */
const orphaning = '( while kill -0 $$ 2>/dev/null; do sleep 0.01; done; exec "$@" ) & echo $! >&3';

/** Starts a process that outlives this one. @throws Error where it cannot be started */
export async function spawnDetached(
  spec: ProcessSpec,
  of: { readonly launch: Launch; readonly marks: Readonly<Record<string, string>> },
): Promise<Spawned> {
  const log = openSync(spec.logFile, 'a', 0o600);
  const output = spec.outputFile === undefined ? log : openSync(spec.outputFile, 'a', 0o600);
  const args = [...spec.args(of.launch)];
  const [command, all] = spec.orphaned
    ? ['/bin/sh', ['-c', orphaning, 'sluice', spec.command, ...args]]
    : [spec.command, args];
  try {
    const child = spawn(command, all, {
      cwd: spec.cwd,
      env: { ...spec.env, ...of.marks },
      detached: true,
      stdio: spec.orphaned ? ['ignore', output, log, 'pipe'] : ['ignore', output, log],
    });
    return await (spec.orphaned ? orphan(child) : ownChild(child));
  } finally {
    for (const file of new Set([output, log])) closeSync(file);
  }
}

async function ownChild(child: ChildProcess): Promise<Spawned> {
  child.unref();
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(describeExit(code, signal)));
  });
  await once(child, 'spawn');
  const identity = identityOf(child.pid ?? 0);
  if (identity === undefined) throw new Error(`it ${await ended}`);
  return { identity, ended };
}

/** The pipe stays open in the program, which never uses it: it closes with its end, however that comes. */
async function orphan(shell: ChildProcess): Promise<Spawned> {
  shell.unref();
  await once(shell, 'spawn');
  const pipe = shell.stdio[3] as Duplex;
  const ended = new Promise<string>((resolve) => {
    pipe.once('close', () => resolve('ended'));
    pipe.once('error', () => pipe.destroy());
  });
  const pid = await new Promise<number>((resolve) => {
    pipe.once('data', (chunk: Buffer) => resolve(Number(chunk.toString('utf8').trim())));
    void ended.then(() => resolve(0));
  });
  pipe.resume();
  const identity = identityOf(pid);
  if (identity === undefined) throw new Error('it ended at once');
  return { identity, ended };
}

function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  return signal === null ? `exited with code ${code ?? 'unknown'}` : `was ended by ${signal}`;
}
