// Nanoseconds that the device program takes for a packet, by BPF_PROG_TEST_RUN: many runs timed as one by the kernel, beside a program
// that does all but the program's own work.
import { dirname, join } from 'node:path';
import type { Kernel } from '../../core/kernel-port.ts';
import { builtObject } from '../../kernel/places.ts';
import { putNode } from '../map-world.ts';
import { packetOf } from '../packet-text.ts';
import { startTestKernel } from '../test-kernel.ts';
import { ownBackend, putServices } from './many-services.ts';

/** Nanoseconds a packet, the least and the middle one of all runs; those of the empty program are not taken away. */
export interface PacketFigures {
  readonly services: number;
  readonly empty: Nanos;
  readonly established: Nanos;
  /** The first packet of a connection. */
  readonly opening: Nanos;
}
export interface Nanos {
  readonly least: number;
  readonly median: number;
}

/** bench.bpf.c */
const flowsOfService = 4;
/** Offset of `mark` in `struct __sk_buff`, and the size up to which it is read. */
const context = { mark: 8, size: 192 };
const between = '198.51.100.7:1024 > 10.128.0.0:80';

async function timed(
  kernel: Kernel,
  run: { program: string; packet: Uint8Array; services: number; repeat: number; runs: number },
): Promise<Nanos> {
  const words = new Uint8Array(context.size);
  new DataView(words.buffer).setUint32(context.mark, run.services, true);
  const { packet, repeat } = run;
  const found: number[] = [];
  for (let index = 0; index < run.runs; index += 1)
    found.push((await kernel.testRun(run.program, { packet, context: words, repeat })).ns);
  found.sort((a, b) => a - b);
  return { least: found[0] ?? 0, median: found[Math.floor((found.length - 1) / 2)] ?? 0 };
}

/** @throws Error where packets were dropped instead: then nothing was measured */
async function expectConnections(kernel: Kernel, count: number): Promise<void> {
  const { count: entries } = await kernel.dump('lb_conntrack');
  if (entries !== 2 * count) throw new Error(`${entries} entries in conntrack of ${count} connections`);
}

/** @param sizes how many Services, ascending */
export async function measurePackets(sizes: readonly number[], runs: number): Promise<PacketFigures[]> {
  const running = startTestKernel({ object: join(dirname(builtObject), 'bench.bpf.o') });
  const { kernel } = running;
  try {
    await kernel.load();
    await putNode(kernel);
    const figures: PacketFigures[] = [];
    for (const services of sizes) {
      await putServices(kernel, services, ownBackend);
      const opening = packetOf(`tcp ${between} S`);
      const packet = packetOf(`tcp ${between} A`);
      const repeat = services * flowsOfService;
      const forget = async () => kernel.remove('lb_conntrack', await kernel.dump('lb_conntrack'));
      const first: Nanos[] = [];
      for (let index = 0; index < runs; index += 1) {
        await forget();
        first.push(
          await timed(kernel, { program: 'bench_ingress', packet: opening, services, repeat, runs: 1 }),
        );
      }
      await expectConnections(kernel, repeat);
      const least = first.map((one) => one.least).sort((a, b) => a - b);
      const many = Math.max(repeat, 100_000);
      const common = { packet, services, repeat: many, runs };
      figures.push({
        services,
        opening: { least: least[0] ?? 0, median: least[Math.floor((least.length - 1) / 2)] ?? 0 },
        established: await timed(kernel, { ...common, program: 'bench_ingress' }),
        empty: await timed(kernel, { ...common, program: 'bench_empty' }),
      });
    }
    return figures;
  } finally {
    await running.stop();
  }
}
