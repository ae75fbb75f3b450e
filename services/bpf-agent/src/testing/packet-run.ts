// Runs packets through the device programs as a table says, and tells what became of them in the table's words.
import type { Kernel } from '../core/kernel-port.ts';
import { describePacket, packetOf } from './packet-text.ts';

/** Verdicts of linux/bpf.h `enum tcx_action_base`, and of a redirection (linux/pkt_cls.h). */
const verdicts = new Map([
  [0xffffffff, 'next'],
  [2, 'drop'],
  [7, 'back'],
]);

/** Towards this node, or away from it. */
export type Hook = 'in' | 'out';

/** A packet in words, or its bytes. */
export type Given = string | Uint8Array;

export interface Outcome {
  /** `next`: on to the kernel; `drop`; `back`: out of the device it came by. */
  readonly verdict: string;
  readonly packet: Uint8Array;
}

/** Runs one packet. */
export async function run(kernel: Kernel, hook: Hook, given: Given): Promise<Outcome> {
  const packet = typeof given === 'string' ? packetOf(given) : given;
  const program = hook === 'in' ? 'lb_ingress' : 'lb_egress';
  const outcome = await kernel.testRun(program, { packet });
  return { verdict: verdicts.get(outcome.verdict) ?? `verdict ${outcome.verdict}`, packet: outcome.packet };
}

/** What became of a packet: its description, behind the verdict where that is not `next`. */
export async function outcomeOf(kernel: Kernel, hook: Hook, given: Given): Promise<string> {
  const { verdict, packet } = await run(kernel, hook, given);
  if (verdict === 'drop') return verdict;
  return verdict === 'next' ? describePacket(packet) : `${verdict} ${describePacket(packet)}`;
}
