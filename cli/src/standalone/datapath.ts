// The eBPF datapath of an instance: whether this machine can have it, and its end. What it has in the kernel outlives its process, so
// it is taken away with the instance.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Fact } from '@sluice/events';
import type { Layout } from './layout.ts';
import { type DatapathRequest, UserError } from './settings.ts';
import { installRoot } from './toolchain.ts';

/** Where maps and programs of the instance are kept: the agent mounts a bpffs of its own below. */
export function pinDirectory(layout: Pick<Layout, 'run'>): string {
  return join(layout.run, 'bpf');
}

const off = 'or leave the datapath off: all but the addresses of Services works without it';

/** @throws UserError where the machine cannot have it, with what is missing */
export async function checkDatapath({ cgroup }: DatapathRequest, uid: number): Promise<void> {
  if (process.platform !== 'linux') throw new UserError('the datapath is eBPF, which is of Linux', off);
  // Most instances have no datapath: they do not wait for what it is made of.
  const { missingRights } = await import('./datapath-rights.ts');
  const missing = missingRights(readFileSync('/proc/self/status', 'utf8'), uid);
  if (missing.length > 0)
    throw new UserError(
      `the datapath needs rights that ${uid === 0 ? 'root has not here' : 'this user does not give to what it starts'}: ${missing.join(', ')}`,
      `${uid === 0 ? 'start it where root keeps them (a container needs --cap-add), ' : 'run as root, '}${off}`,
    );
  const object = join(installRoot, 'services', 'bpf-agent', 'bpf', 'build', 'lb.bpf.o');
  if (!existsSync(object))
    throw new UserError(`${object} is missing`, `build it with \`npm run bpf\`, ${off}`);
  if (cgroup === undefined && !readFileSync('/proc/mounts', 'utf8').includes(' cgroup2 '))
    throw new UserError(
      'cgroup2 is mounted nowhere',
      `mount it: mount -t cgroup2 none /sys/fs/cgroup, ${off}`,
    );
  if (cgroup !== undefined && !existsSync(join(cgroup, 'cgroup.procs')))
    throw new UserError(
      `${cgroup} is no directory of cgroup2`,
      'make it there with mkdir, or name another with --cgroup',
    );
}

/** What is said, once, where Services have addresses and the datapath is off; undefined where none has. */
export function datapathHint(services: Iterable<Fact>): string | undefined {
  for (const fact of services) {
    if (fact.type !== 'ObjectChanged' || fact.object.kind !== 'Service') continue;
    const { metadata, spec } = fact.object;
    if (spec.type === 'ExternalName') continue;
    const own = [...(spec.clusterIPs ?? []), spec.clusterIP ?? '', ...(spec.externalIPs ?? [])];
    const address = own.find((ip) => ip !== '' && ip !== 'None');
    if (address !== undefined)
      return `Services have addresses of their own, like ${metadata.namespace}/${metadata.name} ${address}: nothing leads there without --datapath on`;
  }
  return undefined;
}

/** Takes what is in the kernel away: without its pins the kernel lets go of it. For after the end of the agent. */
export function removeDatapath(layout: Pick<Layout, 'run'>): void {
  const directory = pinDirectory(layout);
  if (!existsSync(directory)) return;
  for (const name of readdirSync(directory)) {
    const mount = join(directory, name);
    // Lazily where something still looks at it; not at all where it was never mounted.
    for (const args of [[mount], ['-l', mount]])
      if (spawnSync('umount', args, { stdio: 'ignore' }).status === 0) break;
  }
  rmSync(directory, { recursive: true, force: true });
}
