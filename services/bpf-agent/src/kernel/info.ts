// What the kernel says of its programs, maps and links (`struct bpf_prog_info` and its like in linux/bpf.h).
import { check, type Libbpf } from './libbpf.ts';
import { NumberCell } from './options.ts';

const size = 512;

function infoOf(libbpf: Libbpf, fd: number): DataView {
  const bytes = new Uint8Array(size);
  check(
    libbpf.bpf_obj_get_info_by_fd(fd, bytes, new NumberCell(size).bytes),
    'what the kernel says of an object',
  );
  return new DataView(bytes.buffer);
}

/** Number of the program in the kernel, and the instructions that the verifier walked through (0: the kernel is older than 5.16). */
export function programInfo(libbpf: Libbpf, fd: number): { id: number; verifiedInstructions: number } {
  const view = infoOf(libbpf, fd);
  return { id: view.getUint32(4, true), verifiedInstructions: view.getUint32(216, true) };
}

/** Bytes of keys and values and the most entries; a value of a per-CPU map is that of one CPU. */
export function mapInfo(
  libbpf: Libbpf,
  fd: number,
): { type: number; keySize: number; valueSize: number; maxEntries: number; flags: number } {
  const view = infoOf(libbpf, fd);
  return {
    type: view.getUint32(0, true),
    keySize: view.getUint32(8, true),
    valueSize: view.getUint32(12, true),
    maxEntries: view.getUint32(16, true),
    flags: view.getUint32(20, true),
  };
}

/** The program of a link, and what it is attached to: number of the cgroup, or of the interface; 0 once that is gone. */
export function linkInfo(
  libbpf: Libbpf,
  fd: number,
): { programId: number; cgroupId: bigint; interfaceIndex: number } {
  const view = infoOf(libbpf, fd);
  return {
    programId: view.getUint32(8, true),
    cgroupId: view.getBigUint64(16, true),
    interfaceIndex: view.getUint32(16, true),
  };
}
