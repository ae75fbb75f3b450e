// Runs a program on a packet, without any network (BPF_PROG_TEST_RUN).
import type { TestRunRequest, TestRunResult } from '../core/kernel-port.ts';
import { addressOf, check, type Libbpf } from './libbpf.ts';
import { StructWriter } from './options.ts';

/** Room for what a program puts in front of a packet, and behind it. */
const growth = 512;
/** Offsets of answers in `struct bpf_test_run_opts`. */
const answers = { packetSize: 28, verdict: 56, ns: 64 };

/** @throws KernelError `failed`, EINVAL for a packet shorter than its Ethernet header (14 bytes) */
export function testRun(
  libbpf: Libbpf,
  programFd: number,
  { packet, context, repeat = 1 }: TestRunRequest,
): TestRunResult {
  const output = new Uint8Array(packet.byteLength + growth);
  const options = new StructWriter(80)
    .u64(80n)
    .u64(addressOf(packet))
    .u64(addressOf(output))
    .u32(packet.byteLength)
    .u32(output.byteLength)
    .u64(addressOf(context))
    .u64(0n)
    .u32(context?.byteLength ?? 0)
    .u32(0)
    .u32(0)
    .u32(repeat);
  check(libbpf.bpf_prog_test_run_opts(programFd, options.bytes), 'running a program on a packet');
  const view = new DataView(options.bytes.buffer);
  return {
    verdict: view.getUint32(answers.verdict, true),
    packet: output.slice(0, view.getUint32(answers.packetSize, true)),
    ns: view.getUint32(answers.ns, true),
  };
}
