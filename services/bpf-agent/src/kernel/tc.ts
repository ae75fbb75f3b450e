// The older way to an interface's packets: a filter at the qdisc `clsact` (tc-bpf(8)), where the kernel knows no tcx (before 6.6).
// Filters have no owner: they stay until they are removed, and one at the same handle and priority replaces another in one step.
import { errno } from './errno.ts';
import { check, failed, type Libbpf } from './libbpf.ts';
import { StructWriter } from './options.ts';

type Direction = 'ingress' | 'egress';

/** `enum bpf_tc_attach_point` and flags of libbpf.h. */
const attachPoints = { ingress: 1, egress: 2 } as const;
const replaceFlag = 1;
/** Ours, so that another's filters are left alone: low enough to be run before most. */
const handle = 0x51;
const priority = 0x51;

/** `struct bpf_tc_hook`: size, interface, attach point, parent. */
const hook = (index: number, direction: Direction): Uint8Array =>
  new StructWriter(24).u64(24n).u32(index).u32(attachPoints[direction]).u32(0).bytes;

/** `struct bpf_tc_opts`: size, program, flags, program number (an answer), handle, priority. */
const options = (programFd: number, flags: number): Uint8Array =>
  new StructWriter(32).u64(32n).u32(programFd).u32(flags).u32(0).u32(handle).u32(priority).bytes;

/** Attaches, in place of ours if one is there. */
export function attachTc(
  libbpf: Libbpf,
  { index, direction, programFd }: { index: number; direction: Direction; programFd: number },
): void {
  const made = libbpf.bpf_tc_hook_create(hook(index, direction));
  if (made < 0 && -made !== errno.EEXIST) throw failed(-made, 'making the qdisc clsact');
  check(
    libbpf.bpf_tc_attach(hook(index, direction), options(programFd, replaceFlag)),
    'attaching a filter of tc',
  );
}

/** Detaches; none there is no error. */
export function detachTc(
  libbpf: Libbpf,
  { index, direction }: { index: number; direction: Direction },
): void {
  const result = -libbpf.bpf_tc_detach(hook(index, direction), options(0, 0));
  if (result > 0 && result !== errno.ENOENT && result !== errno.EINVAL)
    throw failed(result, 'detaching a filter of tc');
}
