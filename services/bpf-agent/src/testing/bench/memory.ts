// What the maps take of the kernel's memory, and how fast rows are written into them.

import { Reconciler } from '../../adapters/reconciler.ts';
import { DesiredMaps } from '../../core/maps/desired-maps.ts';
import { endpoints, service } from '../ir.ts';
import { pinnedMapBytes, startTestKernel } from '../test-kernel.ts';
import { measureUpdates, type UpdateFigures } from './changes.ts';
import { serviceAddress } from './many-services.ts';

/** Memory of all maps of one node as the kernel says it, bytes. */
export interface MemoryFigures {
  /** ClusterIP Services, each with so many endpoints that no other has. */
  readonly services: number;
  readonly endpoints: number;
  readonly bytes: number;
  /** Of them, what they take without any Service. */
  readonly emptyBytes: number;
  /** Maglev tables among the maps. */
  readonly tables: number;
}

const endpointsEach = 3;
const node = {
  ...{ name: 'node-1', zone: '', ipv4: '172.31.0.1', ipv6: '', tableSize: 32_749 as const },
  ...{ addresses: ['172.31.0.1'], peers: [] },
};

/** A pod's address: 10.0.0.0/9, of which no two Services have one. */
const podAddress = (index: number): string => `10.${index >>> 16}.${(index >>> 8) & 0xff}.${index & 0xff}`;

function clusterServices(count: number): DesiredMaps {
  const desired = new DesiredMaps(node);
  for (let index = 0; index < count; index += 1) {
    const name = `s${index}`;
    const pods = Array.from({ length: endpointsEach }, (_, pod) => podAddress(index * endpointsEach + pod));
    const resources = [service(name, [{ address: serviceAddress(index) }]), endpoints(name, pods)];
    desired.apply(resources.map((resource) => ({ kind: resource.kind, key: resource.key, resource })));
  }
  return desired;
}

/** Measures both in one kernel: programs are loaded once. */
export async function measureMaps(
  services: number,
  rounds: number,
): Promise<{ readonly memory: MemoryFigures; readonly updates: UpdateFigures }> {
  const { kernel, pinDirectory, stop } = startTestKernel();
  try {
    const reconciler = new Reconciler({ kernel, points: [], wrote: () => undefined });
    await reconciler.resync(new DesiredMaps(node), node);
    const emptyBytes = pinnedMapBytes(pinDirectory);
    await reconciler.resync(clusterServices(services), node);
    const bytes = pinnedMapBytes(pinDirectory);
    const tables = (await kernel.dump('lb_tables')).count;
    await reconciler.resync(new DesiredMaps(node), node);
    const memory = { services, endpoints: endpointsEach, bytes, emptyBytes, tables };
    return { memory, updates: await measureUpdates(kernel, services, rounds) };
  } finally {
    await stop();
  }
}
