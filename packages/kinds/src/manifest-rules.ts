// What is a mistake in a file, and yet may stand on the log: an API server takes it, and a condition of the object's
// status speaks of it.
import { z } from 'zod';
import { fault, type ObjectFault } from './fault.ts';
import type { Gateway } from './gateway.ts';
import type { SourceObject } from './object.ts';
import type { Pod } from './pod.ts';
import type { Service } from './service.ts';

/** Faults of an object that holds to its schema, if it came out of a manifest. */
export function manifestFaults(object: SourceObject): ObjectFault[] {
  if (object.kind === 'Gateway') return gatewayFaults(object);
  if (object.kind === 'Pod') return podFaults(object);
  return object.kind === 'Service' ? serviceFaults(object) : [];
}

/** Nothing runs Pods where manifests are all there is: one whose ports are to be led to has to say where it is. */
function podFaults({ spec, status }: Pod): ObjectFault[] {
  if (spec.containers.length === 0 || status.phase !== undefined) return [];
  return [
    ...(spec.nodeName === undefined
      ? [fault(['spec', 'nodeName'], 'is required where a Pod in a file has a hostPort', 'name its node')]
      : []),
    ...(status.podIPs.length === 0
      ? [
          fault(
            ['status', 'podIPs'],
            'is required where a Pod in a file has a hostPort',
            'nothing runs it from here: say at which addresses it is',
          ),
        ]
      : []),
  ];
}

function gatewayFaults({ spec }: Gateway): ObjectFault[] {
  return spec.listeners.flatMap(({ protocol, tls }, i) =>
    tls === undefined && (protocol === 'HTTPS' || protocol === 'TLS')
      ? [
          fault(
            ['spec', 'listeners', i, 'tls'],
            `is required for protocol ${protocol}`,
            'add tls.certificateRefs with the name of a Secret of type kubernetes.io/tls',
          ),
        ]
      : [],
  );
}

const address = z.union([z.ipv4(), z.ipv6()]);
const range = z.union([z.cidrv4(), z.cidrv6()]);
const addressHint = 'for instance 10.96.0.10 or fd00::10';

function serviceFaults({ spec }: Service): ObjectFault[] {
  const isAddress = (text: string): boolean => address.safeParse(text).success;
  const faults: ObjectFault[] = [];
  const check = (field: string, list: readonly string[] | undefined, isGood: (text: string) => boolean) =>
    (list ?? []).flatMap((text, i) => (isGood(text) ? [] : [['spec', field, i]]));
  if (spec.clusterIP !== undefined && !['', 'None'].includes(spec.clusterIP) && !isAddress(spec.clusterIP))
    faults.push(fault(['spec', 'clusterIP'], 'must be an IP address, "None", or nothing', addressHint));
  for (const at of check('clusterIPs', spec.clusterIPs, (ip) => ip === 'None' || isAddress(ip)))
    faults.push(fault(at, 'must be an IP address or "None"', addressHint));
  for (const at of check('externalIPs', spec.externalIPs, isAddress))
    faults.push(fault(at, 'must be an IP address', addressHint));
  const isRange = (text: string): boolean => range.safeParse(text.trim()).success;
  for (const at of check('loadBalancerSourceRanges', spec.loadBalancerSourceRanges, isRange))
    faults.push(fault(at, 'must be a range of addresses', 'for instance 192.0.2.0/24'));
  return faults;
}
