// Services as `up` and `status` tell of them: those that ask for a balancing of each request, and those with something wrong about the
// addresses that they have of their own. Where the datapath runs each Service with an address has a status: that all is well there is not
// told of each.
import { gatewayKey, type IrListener } from '@sluice/ir';
import { objectRefOf } from '@sluice/kinds';
import { findCondition, recordsOf } from './conditions.ts';
import type { GatewayState } from './gateway-state.ts';
import type { Progress } from './route-state.ts';
import { refKey, type World } from './world.ts';

/** States of those that have a status. */
export function serviceStates(world: World): GatewayState[] {
  const statuses = [...world.statuses.group('Service').values()].filter(
    ({ ref, status }) => ref.group === '' && !isMerelyReached(status),
  );
  if (statuses.length === 0) return [];
  const listeners = Map.groupBy(
    [...world.ir.values()].flatMap(({ resource }) => (resource.kind === 'listener' ? [resource] : [])),
    ({ gateway }: IrListener) => gateway,
  );
  const origins = originsOf(world);
  return statuses.map(({ ref, status }) => ({
    ref,
    origin: origins.get(refKey(ref)) ?? { file: '', line: 1, column: 1 },
    addresses: addressesOf(status),
    listeners: listeners.get(gatewayKey(ref)) ?? [],
    ...progressOf(status),
  }));
}

/** Nothing is said of it but that the datapath has its addresses. */
function isMerelyReached(status: unknown): boolean {
  const [only, ...more] = recordsOf(recordsOf([status])[0]?.conditions);
  return more.length === 0 && only?.type === 'sluice.dev/L4Programmed' && only.status === 'True';
}

function originsOf(world: World): Map<string, GatewayState['origin']> {
  return new Map(
    [...world.facts.group('Service').values()].flatMap((fact) =>
      fact.type === 'ObjectChanged' ? [[refKey(objectRefOf(fact.object)), fact.origin] as const] : [],
    ),
  );
}

/** The addresses at which its requests are balanced; empty where they are those of the cluster. */
export function addressesOf(status: unknown): string[] {
  const [balancer] = recordsOf([field(status, 'loadBalancer')]);
  return recordsOf(balancer?.ingress).map(({ ip, hostname }) => String(ip ?? hostname));
}

function field(holder: unknown, name: string): unknown {
  return recordsOf([holder])[0]?.[name];
}

/** What is wrong with the addresses that it has of its own; empty where nothing is. */
function addressFaults(status: unknown): string {
  const reached = findCondition(status, 'sluice.dev/L4Programmed');
  const wrong = ['L4Conflicted', 'L4PartiallyInvalid'].flatMap(
    (type) => findCondition(status, `sluice.dev/${type}`) ?? [],
  );
  return [...(reached?.status === 'False' && reached.reason !== 'Pending' ? [reached] : []), ...wrong]
    .map(({ reason, message }) => `${reason}: ${message}`)
    .join('; ');
}

function progressOf(status: unknown): { progress: Progress; message: string } {
  const accepted = findCondition(status, 'sluice.dev/L7Accepted');
  const programmed = findCondition(status, 'sluice.dev/L7Programmed');
  const partial = findCondition(status, 'sluice.dev/L7PartiallyInvalid');
  if (accepted?.status === 'False')
    return { progress: 'faulty', message: `${accepted.reason}: ${accepted.message}` };
  const addresses = addressFaults(status);
  const reached = findCondition(status, 'sluice.dev/L4Programmed');
  if (programmed?.status !== 'False' && addresses === '' && reached?.reason === 'Pending')
    return { progress: 'waiting', message: reached.message };
  if (programmed === undefined && addresses !== '') return { progress: 'faulty', message: addresses };
  if (programmed === undefined) return { progress: 'waiting', message: 'no status yet' };
  if (programmed.status === 'True')
    return {
      progress: 'in-force',
      message: [partial?.status === 'True' ? partial.message : '', addresses]
        .filter((t) => t !== '')
        .join('; '),
    };
  const progress = programmed.reason === 'Pending' ? 'waiting' : 'faulty';
  return {
    progress,
    message: progress === 'waiting' ? programmed.message : `${programmed.reason}: ${programmed.message}`,
  };
}
