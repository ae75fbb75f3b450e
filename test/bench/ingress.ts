// Ingresses that share an address.
import type { RequestTarget } from '@sluice/testkit';
import { ingress, ingressPath } from '../harness/objects.ts';
import type { Sluice } from '../harness/sluice.ts';
import type { Place } from './client.ts';
import type { ManyKind } from './one-of-many.ts';
import type { ServiceName } from './world.ts';

export const ingresses: ManyKind = {
  name: 'Ingresses',
  object: oneIngress,
  place: placeOf,
  targets: async (sluice) => {
    const target = await sharedTarget(sluice);
    return () => target;
  },
};

/** The address that all share; a list of all Ingresses would be long. */
async function sharedTarget(sluice: Sluice): Promise<RequestTarget> {
  const { stdout } = await sluice.cli('get', 'ir', 'listener:ingressclass:/sluice/80', '-o', 'json');
  const { items } = JSON.parse(stdout) as {
    items: { resource: { addresses: string[]; bindPort: number } }[];
  };
  const [listener] = items.map(({ resource }) => resource);
  const [address] = listener?.addresses ?? [];
  if (listener === undefined || address === undefined) throw new Error('there is no listener for Ingresses');
  return { address, port: listener.bindPort };
}

function nameOf(index: number): string {
  return `i${String(index).padStart(5, '0')}`;
}

function placeOf(index: number): Place {
  return { host: `${nameOf(index)}.example`, path: '/' };
}

function oneIngress(index: number, service: ServiceName): object {
  const { host, path } = placeOf(index);
  const rules = [{ host, http: { paths: [ingressPath('Prefix', path, service)] } }];
  return ingress(nameOf(index), { rules }, { annotations: { 'sluice.io/loadbalancer-mode': 'shared' } });
}
