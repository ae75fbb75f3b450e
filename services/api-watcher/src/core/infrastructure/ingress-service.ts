// An Ingress with an address of its own, or a class whose Ingresses share one → the Service through which the cluster's load
// balancer reaches Envoy (docs/adr/0016). That of an Ingress stands in its namespace, that of a class in ours; each is owned by
// what it stands for.
import { canonicalHash, type ObjectRef } from '@sluice/ir';
import {
  type Ingress,
  type IngressClass,
  ingressHttpsPort,
  managedBy,
  readIngressSettings,
} from '@sluice/kinds';
import type { ServiceFront } from './gateway-service.ts';

/** Names what a Service stands for, as far as a label can hold it. */
const ingressNameLabel = 'sluice.dev/ingress-name';
/** Length of a DNS label, RFC 1035, and of the value of a label. */
const maxName = 63;

/** Where the Service of an Ingress or a class is: `namespace/name`. */
export function ingressServiceKey(ref: ObjectRef, ours: string): string {
  return `${ref.namespace === '' ? ours : ref.namespace}/${serviceName(ref)}`;
}

function serviceName({ kind, name }: Pick<ObjectRef, 'kind' | 'name'>): string {
  const whole = `${kind.toLowerCase()}-${name}`;
  if (whole.length <= maxName && !whole.includes('.')) return whole;
  const hash = canonicalHash(whole).slice(0, 10);
  const cut = whole.replaceAll('.', '-').slice(0, maxName - hash.length - 1);
  return `${cut.replace(/-+$/, '')}-${hash}`;
}

/** What stands before an Ingress, as its annotations ask for it, or before a class. `ours`: namespace of what is ours. */
export function ingressFront(object: Ingress | IngressClass, ours: string): ServiceFront {
  const { apiVersion, kind, metadata } = object;
  const settings = readIngressSettings(kind === 'Ingress' ? metadata.annotations : {}, {});
  const { serviceType, loadBalancerClass, externalTrafficPolicy, httpPort } = settings;
  const nodePorts = new Map<number, number>();
  if (settings.insecureNodePort !== undefined) nodePorts.set(httpPort, settings.insecureNodePort);
  if (settings.secureNodePort !== undefined) nodePorts.set(ingressHttpsPort, settings.secureNodePort);
  const label = metadata.name.length <= maxName ? { [ingressNameLabel]: metadata.name } : {};
  return {
    name: serviceName({ kind, name: metadata.name }),
    namespace: metadata.namespace === '' ? ours : metadata.namespace,
    labels: { ...managedBy, ...label },
    annotations: {},
    owner: { apiVersion, kind, name: metadata.name, uid: metadata.uid },
    spec: {
      type: serviceType,
      ...(loadBalancerClass === undefined || serviceType !== 'LoadBalancer' ? {} : { loadBalancerClass }),
      ...(externalTrafficPolicy === undefined ? {} : { externalTrafficPolicy }),
    },
    nodePorts,
  };
}
