// Programs to their places, by links that are pinned: they outlive the agent, and the next one changes the program of a link without a
// moment between the old and the new one.
import { closeSync, openSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type AttachPoint, KernelError } from '../core/kernel-port.ts';
import { errno } from './errno.ts';
import { linkInfo } from './info.ts';
import { check, failed, type Libbpf } from './libbpf.ts';
import type { OpenProgram } from './load-object.ts';
import { openPin, pinsIn, replacePin, shortHash } from './pin-directory.ts';
import { attachTc, detachTc } from './tc.ts';

/** linux/bpf.h */
const tcxTypes = { ingress: 46, egress: 47 } as const;

export interface AttachTo {
  readonly libbpf: Libbpf;
  readonly directory: string;
  readonly programs: ReadonlyMap<string, OpenProgram>;
  /** Default true; false: as on a kernel before 6.6. */
  readonly tcx?: boolean;
}

type InterfacePoint = Extract<AttachPoint, { kind: 'interface' }>;

/** One link to be: where, which program, as what. */
interface Link {
  readonly program: OpenProgram;
  readonly path: string;
  readonly target: number;
  readonly attachType: number;
  /** Whether a link that is pinned is still at this target. */
  readonly isHere: (info: ReturnType<typeof linkInfo>) => boolean;
}

const prefixOf = (point: AttachPoint): string =>
  point.kind === 'cgroup'
    ? `cgroup-${shortHash(point.path)}-`
    : `${point.direction}-${shortHash(`${point.name}\0${point.program}`)}-`;

/** Attaches all programs of a point. @throws KernelError `missing` where the place is not there, `failed` */
export function attach(to: AttachTo, point: AttachPoint): void {
  if (point.kind === 'cgroup') {
    attachCgroup(to, point.path, prefixOf(point));
    return;
  }
  const program = to.programs.get(point.program);
  if (program === undefined)
    throw new KernelError({ kind: 'missing', message: `the object has no program ${point.program}` });
  const index = interfaceIndex(to.libbpf, point);
  if (to.tcx !== false && attachTcx(to, { point, program, index })) return;
  attachTc(to.libbpf, { index, direction: point.direction, programFd: program.fd });
}

function attachCgroup(to: AttachTo, path: string, prefix: string): void {
  let target: number;
  try {
    target = openSync(path, 'r');
  } catch (fault) {
    const reason = fault instanceof Error ? fault.message : String(fault);
    throw new KernelError({
      kind: 'missing',
      message: `no such cgroup: ${reason}; set SLUICE_CGROUP to a directory of cgroup2`,
    });
  }
  try {
    const cgroupId = statSync(path, { bigint: true }).ino;
    const programs = [...to.programs.values()].filter(
      ({ section }) => section.startsWith('cgroup/') || section === 'sockops',
    );
    for (const program of programs)
      putLink(to.libbpf, {
        program,
        path: join(to.directory, 'links', prefix + program.name),
        target,
        attachType: program.attachType,
        isHere: (info) => info.cgroupId === cgroupId,
      });
    removeLinks(to, prefix, new Set(programs.map(({ name }) => prefix + name)));
  } finally {
    closeSync(target);
  }
}

/** Whether the kernel took it; false where it knows no tcx. */
function attachTcx(
  to: AttachTo,
  { point, program, index }: { point: InterfacePoint; program: OpenProgram; index: number },
): boolean {
  try {
    putLink(to.libbpf, {
      program,
      path: join(to.directory, 'links', prefixOf(point) + program.name),
      target: index,
      attachType: tcxTypes[point.direction],
      isHere: (info) => info.interfaceIndex === index,
    });
    return true;
  } catch (fault) {
    if (fault instanceof KernelError && fault.fault.kind === 'failed' && fault.fault.errno === errno.EINVAL)
      return false;
    throw fault;
  }
}

/** Makes a link, or gives the one that is there another program. */
function putLink(libbpf: Libbpf, { program, path, target, attachType, isHere }: Link): void {
  const old = openPin(libbpf, path);
  try {
    if (old !== undefined) {
      const info = linkInfo(libbpf, old);
      if (isHere(info)) {
        if (info.programId !== program.id)
          check(libbpf.bpf_link_update(old, program.fd, null), `replacing program ${program.name}`);
        return;
      }
    }
    const fd = check(
      libbpf.bpf_link_create(program.fd, target, attachType, null),
      `attaching ${program.name}`,
    );
    try {
      replacePin(libbpf, fd, path);
    } finally {
      libbpf.close(fd);
    }
  } finally {
    if (old !== undefined) libbpf.close(old);
  }
}

/** Detaches what is at a point. */
export function detach(to: AttachTo, point: AttachPoint): void {
  removeLinks(to, prefixOf(point), new Set());
  if (point.kind !== 'interface') return;
  const index = to.libbpf.if_nametoindex(point.name);
  if (index !== 0) detachTc(to.libbpf, { index, direction: point.direction });
}

/** Detached before the pin goes: the kernel would do it some time later. A link whose place is gone is detached already. */
function removeLinks({ libbpf, directory }: AttachTo, prefix: string, kept: ReadonlySet<string>): void {
  for (const name of pinsIn(join(directory, 'links'))) {
    if (!name.startsWith(prefix) || kept.has(name)) continue;
    const path = join(directory, 'links', name);
    const fd = openPin(libbpf, path);
    if (fd === undefined) continue;
    libbpf.bpf_link_detach(fd);
    libbpf.close(fd);
    unlinkSync(path);
  }
}

function interfaceIndex(libbpf: Libbpf, { name }: InterfacePoint): number {
  const index = libbpf.if_nametoindex(name);
  if (index === 0)
    throw new KernelError({
      kind: 'missing',
      message: `${failed(errno.ENODEV, `interface ${name}`).message}: there is none of that name in this network namespace`,
    });
  return index;
}
