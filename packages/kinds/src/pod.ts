// Pod, core/v1 of Kubernetes 1.35: only what says where its host ports lead. All else of a Pod is left out before anything is judged or
// kept: Pods are many, large, and change often.
import { z } from 'zod';
import { namespacedMetadata } from './metadata.ts';
import { dnsSubdomain, listOf, plainText, portNumber } from './text.ts';

const hostPort = z.strictObject({
  containerPort: portNumber,
  hostPort: portNumber,
  /** Absent: every address of the node. */
  hostIP: plainText(1, 64).exactOptional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).default('TCP'),
});
export type PodHostPort = z.infer<typeof hostPort>;

const container = z.strictObject({
  name: plainText(0, 253).default(''),
  /** Those with a hostPort. */
  ports: listOf(hostPort, 1000).default([]),
});

const addresses = listOf(z.strictObject({ ip: plainText(1, 64) }), 16).default([]);

/** A Pod, as far as its node leads connections to it. */
export const podSchema = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Pod'),
  metadata: namespacedMetadata(dnsSubdomain),
  spec: z
    .strictObject({
      nodeName: plainText(1, 253).exactOptional(),
      /** It has no network of its own: its ports are the node's without anybody's help. */
      hostNetwork: z.literal(true).exactOptional(),
      /** Those with host ports, those that start before the others and go on (sidecars) first. */
      containers: listOf(container, 1000).default([]),
    })
    .prefault({}),
  status: z
    .strictObject({
      /** Only these two: nothing of it runs any more. */
      phase: z.enum(['Succeeded', 'Failed']).exactOptional(),
      podIPs: addresses,
      /** Addresses of its node. */
      hostIPs: addresses,
    })
    .prefault({}),
});
export type Pod = z.infer<typeof podSchema>;

type Fields = Readonly<Record<string, unknown>>;

/**
 * The same Pod with nothing but what `podSchema` knows; what has an unexpected form stays as it is, for the schema to judge. Of what it
 * gave it gives the same again.
 */
export function slimPod<T extends Fields>(pod: T): T {
  const { apiVersion, kind, metadata, spec, status } = pod;
  return {
    ...{ apiVersion, kind },
    metadata: isFields(metadata) ? picked(metadata, metadataFields) : metadata,
    ...(spec === undefined ? {} : { spec: isFields(spec) ? slimSpec(spec) : spec }),
    ...(isFields(status) ? { status: slimStatus(status) } : {}),
  } as unknown as T;
}

/** The same of a Pod of an API server; undefined: its node has nothing to lead to it, or not yet, or not any more. */
export function keptPod<T extends Fields>(pod: T): T | undefined {
  const slim = slimPod(pod);
  const { spec, status } = slim;
  if (!isFields(spec) || !isFields(status)) return undefined;
  const { nodeName, hostNetwork, containers } = spec;
  if (nodeName === undefined || hostNetwork !== undefined || containers === undefined) return undefined;
  return status.phase !== undefined || status.podIPs === undefined ? undefined : slim;
}

/** A generation changes with what is no business of ours (a Pod's resources); readiness and annotations too. */
const metadataFields = ['name', 'namespace', 'uid', 'resourceVersion', 'creationTimestamp'];

function slimSpec(spec: Fields): Fields {
  const { nodeName, hostNetwork, initContainers, containers } = spec;
  const sidecars = (Array.isArray(initContainers) ? initContainers : []).filter(
    (one) => isFields(one) && one.restartPolicy === 'Always',
  );
  const own = containers === undefined || containers === null ? [] : containers;
  const all = Array.isArray(own) ? [...sidecars, ...own].flatMap(slimContainer) : own;
  return {
    ...(nodeName === undefined || nodeName === null || nodeName === '' ? {} : { nodeName }),
    ...(hostNetwork === true ? { hostNetwork } : {}),
    ...(Array.isArray(all) && (all.length === 0 || hostNetwork === true) ? {} : { containers: all }),
  };
}

/** Nothing of a container without host ports. Port 0 is none. */
function slimContainer(container: unknown): unknown[] {
  if (!isFields(container) || !Array.isArray(container.ports)) return [];
  const ports = container.ports.flatMap((port: unknown) =>
    isFields(port) && (port.hostPort ?? 0) !== 0
      ? [picked(port, ['containerPort', 'hostPort', 'hostIP', 'protocol'])]
      : [],
  );
  return ports.length === 0 ? [] : [{ ...picked(container, ['name']), ports }];
}

function slimStatus(status: Fields): Fields {
  const { phase } = status;
  return {
    ...(phase === 'Succeeded' || phase === 'Failed' ? { phase } : {}),
    ...addressesIn('podIPs', status.podIPs, status.podIP),
    ...addressesIn('hostIPs', status.hostIPs, status.hostIP),
  };
}

/** Of a list, or of the single field that was there before it. */
function addressesIn(field: string, list: unknown, single: unknown): Fields {
  if (Array.isArray(list) && list.length > 0)
    return { [field]: list.map((one) => (isFields(one) ? picked(one, ['ip']) : one)) };
  return typeof single === 'string' && single !== '' ? { [field]: [{ ip: single }] } : {};
}

/** Without what is null or the empty string: both are nothing said. */
function picked(from: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = Object.hasOwn(from, name) ? from[name] : undefined;
      return value === undefined || value === null || value === '' ? [] : [[name, value]];
    }),
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
