import { createMemoryLog } from '@sluice/event-log';
import { decodeFlowBatch, type FlowBatch, flowFilter } from '@sluice/events';
import { until } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { addressBytes } from '../core/address.ts';
import { KernelError } from '../core/kernel-port.ts';
import { type Event, event } from '../core/layout/values.ts';
import { encodeRows } from '../core/struct-codec.ts';
import { FlowPublisher } from './flow-publisher.ts';

const nothing = new Uint8Array(16);
const record = (port: number): Uint8Array => {
  const one: Event = {
    ...{ timeNs: 1n, cookie: 1n, client: nothing, frontend: addressBytes('10.96.0.10'), backend: nothing },
    ...{ clientPort: 0, frontendPort: port, backendPort: 0, kind: 1, reason: 0, protocol: 6, hook: 2 },
  };
  return encodeRows(event, [one]);
};

/** A kernel that tells these batches, after it has failed once. */
function kernelWith(batches: readonly (readonly Uint8Array[])[]) {
  let tries = 0;
  return {
    events: async function* () {
      tries += 1;
      if (tries === 1) throw new KernelError({ kind: 'gone', message: 'the kernel process ended' });
      yield* batches;
    },
    lost: () => Promise.resolve(5n),
  };
}

async function publish(
  batches: readonly (readonly Uint8Array[])[],
  maxPerSecond?: number,
): Promise<FlowBatch[]> {
  const log = await createMemoryLog();
  const heard: FlowBatch[] = [];
  log.listen(flowFilter, (data) => void heard.push(decodeFlowBatch(data)));
  const counts = { sent: 0, unsent: 0 };
  const publisher = new FlowPublisher({
    log,
    kernel: kernelWith(batches),
    node: 'n1',
    ...(maxPerSecond === undefined ? {} : { maxPerSecond }),
    counted: ({ sent, unsent }) => {
      counts.sent += sent;
      counts.unsent += unsent;
    },
  });
  publisher.start();
  const all = batches.reduce((sum, { length }) => sum + length, 0);
  await until(() => counts.sent + counts.unsent === all);
  await publisher.stop();
  expect(heard.reduce((sum, { flows }) => sum + flows.length, 0)).toBe(counts.sent);
  await log.close();
  return heard;
}

test('messages are bounded and in order, and a kernel that fails is asked again', async () => {
  const ports = Array.from({ length: 1_203 }, (_, index) => index);
  const heard = await publish([ports.map(record)]);
  expect(heard.map(({ flows }) => flows.length)).toEqual([500, 500, 203]);
  expect(heard.flatMap(({ flows }) => flows.map(({ frontend }) => frontend.port))).toEqual(ports);
  expect(heard[0]).toMatchObject({ node: 'n1', lost: 5, unsent: 0 });
});

test('beyond the bound of a second flows are counted, not sent', async () => {
  const heard = await publish([[record(1), record(2), record(3)]], 2);
  expect(heard).toMatchObject([{ flows: [{ frontend: { port: 1 } }, { frontend: { port: 2 } }], unsent: 1 }]);
});
