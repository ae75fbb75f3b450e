// Which hooks this kernel gives this process. Each is tried by what the agent would do with it, with a program of two instructions that
// is attached nowhere.
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { missingCapabilities } from '../core/capabilities.ts';
import type { HookName, HookState, KernelFeatures } from '../core/kernel-port.ts';
import { errno, errnoName } from './errno.ts';
import type { Libbpf } from './libbpf.ts';
import { StructWriter } from './options.ts';

/** linux/bpf.h: program types, and attach types of the cgroup hooks. */
const programTypes = {
  ...{ schedCls: 3, sockOps: 13, cgroupSockAddr: 18, cgroupSockopt: 25, tracing: 26, lsm: 29 },
} as const;
const attachTypes = {
  sockOps: 3,
  getsockopt: 21,
  connect4: 10,
  sendmsg4: 14,
  recvmsg4: 19,
  getpeername4: 29,
  fentry: 24,
  lsm: 27,
  tcx: 46,
} as const;
const ringbufType = 27;
const pageSize = 4_096;

/** `r0 = 1; exit` */
const instructions = Uint8Array.from([0xb7, 0, 0, 0, 1, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
const instructionCount = 2n;
/** No interface has it. */
const noInterface = 0x7fffffff;

const available: HookState = { available: true };
const not = (reason: string): HookState => ({ available: false, reason });

interface Trial {
  readonly type: number;
  readonly attachType?: number;
  /** Number of the kernel's function in its BTF. */
  readonly btfId?: number;
}

/** Loads the program; `use` gets its descriptor. */
function tryLoad(libbpf: Libbpf, trial: Trial, use: (fd: number) => HookState = () => available): HookState {
  const options = new StructWriter(48)
    .u64(48n)
    .u32(1)
    .u32(trial.attachType ?? 0)
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(0)
    .u32(trial.btfId ?? 0);
  const fd = libbpf.bpf_prog_load(
    trial.type,
    'sluice_probe',
    'GPL',
    instructions,
    instructionCount,
    options.bytes,
  );
  if (fd < 0) return not(loadReason(-fd));
  try {
    return use(fd);
  } finally {
    libbpf.close(fd);
  }
}

function loadReason(number: number): string {
  if (number === errno.EPERM)
    return 'the kernel forbids loading such a program (EPERM), to this process or at all';
  if (number === errno.EINVAL) return 'this kernel does not know such programs (EINVAL)';
  return `such a program does not load (${errnoName(number)})`;
}

/** Hooks at functions of the kernel, which are found by its BTF. */
function tryFunction(
  libbpf: Libbpf,
  name: string,
  { type, attachType }: { type: number; attachType: number },
): HookState {
  const btfId = libbpf.libbpf_find_vmlinux_btf_id(name, attachType);
  if (btfId < 0) return not(`the kernel's BTF has no ${name} (${errnoName(-btfId)})`);
  return tryLoad(libbpf, { type, attachType, btfId });
}

function tryTcx(libbpf: Libbpf): HookState {
  return tryLoad(libbpf, { type: programTypes.schedCls }, (fd) => {
    const result = libbpf.bpf_link_create(fd, noInterface, attachTypes.tcx, null);
    if (result >= 0) libbpf.close(result);
    return result >= 0 || -result === errno.ENODEV
      ? available
      : not(`this kernel has no tcx (${errnoName(-result)}; 6.6 and younger have it); tc takes its place`);
  });
}

function tryRingbuf(libbpf: Libbpf): HookState {
  const fd = libbpf.bpf_map_create(ringbufType, 'sluice_probe', 0, 0, pageSize, null);
  if (fd < 0) return not(`no ring buffer can be made (${errnoName(-fd)})`);
  libbpf.close(fd);
  return available;
}

/** Tries each hook. */
export function probe(libbpf: Libbpf): KernelFeatures {
  const socket = (attachType: number) => tryLoad(libbpf, { type: programTypes.cgroupSockAddr, attachType });
  const hooks: Record<HookName, HookState> = {
    cgroup_connect: socket(attachTypes.connect4),
    cgroup_sendmsg: socket(attachTypes.sendmsg4),
    cgroup_recvmsg: socket(attachTypes.recvmsg4),
    cgroup_getpeername: socket(attachTypes.getpeername4),
    cgroup_getsockopt: tryLoad(libbpf, {
      type: programTypes.cgroupSockopt,
      attachType: attachTypes.getsockopt,
    }),
    sock_ops: tryLoad(libbpf, { type: programTypes.sockOps, attachType: attachTypes.sockOps }),
    tcx: tryTcx(libbpf),
    tc: tryLoad(libbpf, { type: programTypes.schedCls }),
    ringbuf: tryRingbuf(libbpf),
    fentry: tryFunction(libbpf, 'tcp_connect', {
      type: programTypes.tracing,
      attachType: attachTypes.fentry,
    }),
    lsm: tryFunction(libbpf, 'socket_connect', { type: programTypes.lsm, attachType: attachTypes.lsm }),
    kprobe: existsSync('/sys/bus/event_source/devices/kprobe/type')
      ? available
      : not('the kernel is built without kprobes, or /sys is not mounted'),
  };
  return {
    hooks,
    missingCapabilities: missingCapabilities(readFileSync('/proc/self/status', 'utf8')),
    libbpf: libbpf.libbpf_version_string(),
    kernel: release(),
  };
}
