// A real kernel for tests: a pin directory and a cgroup of their own, so that nothing outside the test is ever touched.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isAlive } from '@sluice/testkit';
import { missingCapabilities } from '../core/capabilities.ts';
import { type ChildKernel, type ChildKernelOptions, startKernel } from '../kernel/child-kernel.ts';
import { check, type Libbpf, openLibbpf } from '../kernel/libbpf.ts';
import { memoryOf } from '../kernel/map-reading.ts';
import { NumberCell } from '../kernel/options.ts';
import { openPin, pinsIn } from '../kernel/pin-directory.ts';
import { builtObject, cgroupMount, libbpfPaths } from '../kernel/places.ts';

/** Why the datapath cannot be tested here; undefined where it can. */
export function missingForKernel(): string | undefined {
  const capabilities = missingCapabilities(readFileSync('/proc/self/status', 'utf8'));
  if (capabilities.length > 0) return `no ${capabilities.join(', ')}`;
  if (process.getuid?.() !== 0) return 'no root, to mount bpffs';
  if (!existsSync(builtObject)) return 'no eBPF object: run `npm run bpf`';
  return cgroupMount() === undefined ? 'no cgroup2 is mounted' : undefined;
}

export interface TestKernel {
  readonly kernel: ChildKernel;
  /** Of bpffs; removed at the end. */
  readonly pinDirectory: string;
  /** Path in cgroup2 of an empty group; removed at the end. */
  readonly cgroup: string;
  /** Another agent on the same pins; the caller closes it. */
  readonly another: (options?: Partial<ChildKernelOptions>) => ChildKernel;
  readonly stop: () => Promise<void>;
}

/** Pin directories and cgroups have the number of the test's process in their names. */
const ownName = /^sluice-bpf-(\d+)-/;

/** Takes away what a test process left behind that was killed. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = ownName.exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) removePlaces(join(tmpdir(), name));
  }
}

function removePlaces(pinDirectory: string): void {
  try {
    execFileSync('umount', [pinDirectory], { stdio: 'ignore' });
  } catch {
    // never mounted: the test ended before `load`
  }
  rmSync(pinDirectory, { recursive: true, force: true });
  const cgroup = cgroupOf(pinDirectory);
  if (existsSync(cgroup)) rmdirSync(cgroup);
}

const cgroupOf = (pinDirectory: string) => join(cgroupMount() ?? '', basename(pinDirectory));

/** Starts the child; nothing is loaded yet. */
export function startTestKernel(options: Partial<ChildKernelOptions> = {}): TestKernel {
  removeLeftovers();
  const pinDirectory = mkdtempSync(join(tmpdir(), `sluice-bpf-${process.pid}-`));
  const cgroup = cgroupOf(pinDirectory);
  mkdirSync(cgroup);
  const another = (more: Partial<ChildKernelOptions> = {}) =>
    startKernel({ libbpf: libbpfPaths, object: builtObject, pinDirectory, ...options, ...more });
  const kernel = another();
  return {
    kernel,
    pinDirectory,
    cgroup,
    another,
    stop: async () => {
      await kernel.close();
      removePlaces(pinDirectory);
    },
  };
}

/** Memory of all maps that are pinned there, as the kernel says it, bytes; of tables in `lb_tables` it says nothing. */
export function pinnedMapBytes(pinDirectory: string): number {
  const libbpf = openLibbpf(libbpfPaths);
  const maps = join(pinDirectory, 'maps');
  return pinsIn(maps)
    .map((name) => openPin(libbpf, join(maps, name)))
    .filter((fd) => fd !== undefined)
    .map((fd) => {
      const bytes = memoryOf(fd);
      closeSync(fd);
      return bytes;
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** Attach types of sockets of cgroups in linux/bpf.h: sock_ops, getsockopt; connect, sendmsg, recvmsg and getpeername of both families. */
const socketHooks = [3, 21, 10, 11, 14, 15, 19, 20, 29, 30];

/** A program that is attached somewhere: how, and its number in the kernel. */
export interface Attached {
  readonly attachType: number;
  readonly id: number;
}

function attachedAt(libbpf: Libbpf, target: number, attachTypes: readonly number[]): Attached[] {
  return attachTypes.flatMap((attachType) => {
    const ids = new Uint32Array(16);
    const count = new NumberCell(ids.length);
    const bytes = new Uint8Array(ids.buffer);
    check(libbpf.bpf_prog_query(target, attachType, 0, null, bytes, count.bytes), 'asking what is attached');
    return Array.from(ids.subarray(0, count.value), (id) => ({ attachType, id }));
  });
}

/** What the kernel says is attached to a cgroup itself. */
export function attachedPrograms(cgroup: string): Attached[] {
  const directory = openSync(cgroup, 'r');
  try {
    return attachedAt(openLibbpf(libbpfPaths), directory, socketHooks);
  } finally {
    closeSync(directory);
  }
}

/** What the kernel says is attached to an interface by tcx, ingress and egress. */
export function attachedToInterface(name: string): Attached[] {
  const libbpf = openLibbpf(libbpfPaths);
  return attachedAt(libbpf, libbpf.if_nametoindex(name), [46, 47]);
}
