// The example shop: four small servers, and `sluice up` before them, until Ctrl-C.
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isGood } from './certificate-check.ts';
import { notes } from './notes.ts';
import { type ServerPlace, servers } from './servers.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const home = join(root, '.sluice', 'shop');
const files = { secret: join(home, 'secrets', 'demo-cert.yaml'), certificate: join(home, 'demo-cert.pem') };
const notesFile = join(home, 'notes.txt');

async function startServer({ name }: ServerPlace): Promise<ChildProcess> {
  const child = fork(join(here, 'server.ts'), [name]);
  const started = await Promise.race([
    once(child, 'message').then(() => true),
    once(child, 'exit').then(() => false),
  ]);
  if (!started) throw new Error(`the server ${name} did not start; does the shop run already?`);
  return child;
}

/** What `sluice up` is given must be there before it starts. */
async function prepare(): Promise<void> {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  writeFileSync(notesFile, notes(relative(process.cwd(), files.certificate)));
  if (isGood(files.certificate)) return;
  const { makeCertificate } = await import('./certificate.ts');
  await makeCertificate('bookinfo.cilium.rocks', files);
}

/** Runs `sluice up` in a group of its own, so that Ctrl-C reaches it once: through this process. */
function runSluice(): Promise<number> {
  const up = ['up', join(here, '../manifests'), join(home, 'secrets')];
  const options = ['--data-dir', join(home, 'state'), '--notes', notesFile, '--take-over'];
  const child = spawn(join(root, 'bin/sluice'), [...up, ...options, ...process.argv.slice(2)], {
    stdio: 'inherit',
    detached: true,
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

try {
  // The servers first: where they cannot listen, the shop runs already, and nothing may be taken over.
  const [children] = await Promise.all([Promise.all(servers.map(startServer)), prepare()]);
  process.exitCode = await runSluice();
  for (const child of children) child.disconnect();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
