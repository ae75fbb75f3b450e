// The Gateway of a group: a listener for HTTP, and one for each host that has TLS. A host that several Ingresses want is that of
// the first, as the translator has it.
import { formatObjectRef, type ObjectRef } from '@sluice/ir';
import { ingressHttpsPort, objectRefOf } from '@sluice/kinds';
import { type ConversionNote, type IngressGroup, type Member, noteOf } from './ingress-group.ts';
import { passthroughOf, tlsSecretsOf } from './ingress-table.ts';
import { slug } from './names.ts';

/** A listener that ends TLS, or passes it through. */
export interface TlsListener {
  readonly name: string;
  /** `*` for every host. */
  readonly host: string;
  /** The Ingress whose it is. */
  readonly owner: Member;
  /** undefined: passed through. */
  readonly secret: ObjectRef | undefined;
}

/** Name of the listener for HTTP. */
export const httpListenerName = 'http';

const gatewayApi = 'gateway.networking.k8s.io/v1';

/** The listeners with TLS of a group, by host. */
export function tlsListeners(group: IngressGroup, notes: ConversionNote[]): Map<string, TlsListener> {
  const found = new Map<string, TlsListener>();
  const names = new Set<string>([httpListenerName]);
  const claim = (owner: Member, { host, secret, at }: Claim): void => {
    const other = found.get(host);
    if (other === undefined) {
      found.set(host, { name: listenerName(host, names), host, owner, secret });
      return;
    }
    if (other.secret !== undefined && secret !== undefined && sameRef(other.secret, secret)) return;
    const first = formatObjectRef(objectRefOf(other.owner.ingress));
    notes.push(noteOf(owner, at, `TLS for ${host} is that of ${first}, which goes first: left out`));
  };
  for (const member of group.members) {
    const { namespace } = member.ingress.metadata;
    if (member.settings.tlsPassthrough) {
      for (const host of passthroughOf(member, []).keys())
        claim(member, { host, secret: undefined, at: 'spec.rules' });
      continue;
    }
    for (const [host, { secret, at }] of tlsSecretsOf(member.ingress))
      if (secret === undefined)
        notes.push(noteOf(member, at, `names no secretName: nothing ends TLS for ${host}`));
      else claim(member, { host, secret: { group: '', kind: 'Secret', namespace, name: secret }, at });
  }
  return found;
}

interface Claim {
  readonly host: string;
  readonly secret: ObjectRef | undefined;
  readonly at: string;
}

function sameRef(a: ObjectRef, b: ObjectRef): boolean {
  return formatObjectRef(a) === formatObjectRef(b);
}

function listenerName(host: string, taken: Set<string>): string {
  const base = `https-${slug(host)}`.slice(0, 60);
  let name = base;
  for (let i = 2; taken.has(name); i++) name = `${base}-${i}`;
  taken.add(name);
  return name;
}

/** The Gateway, and the grants that it needs for Secrets of other namespaces. */
export function gatewayObjects(group: IngressGroup, tls: ReadonlyMap<string, TlsListener>): object[] {
  const { namespace, name, gatewayClassName, httpPort } = group;
  const routes = allowedRoutes(group);
  const http =
    httpPort === undefined ? [] : [{ name: httpListenerName, protocol: 'HTTP', port: httpPort, ...routes }];
  const secure = [...tls.values()].map((listener) => ({
    name: listener.name,
    protocol: listener.secret === undefined ? 'TLS' : 'HTTPS',
    port: ingressHttpsPort,
    ...(listener.host === '*' ? {} : { hostname: listener.host }),
    tls: tlsOf(listener, namespace),
    ...routes,
  }));
  const gateway = {
    apiVersion: gatewayApi,
    kind: 'Gateway',
    metadata: { name, namespace },
    spec: { gatewayClassName, listeners: [...http, ...secure] },
  };
  return [gateway, ...grants(group, tls)];
}

function tlsOf({ secret }: TlsListener, gatewayNamespace: string): object {
  if (secret === undefined) return { mode: 'Passthrough' };
  const { namespace, name } = secret;
  return {
    mode: 'Terminate',
    certificateRefs: [namespace === gatewayNamespace ? { name } : { name, namespace }],
  };
}

/** Routes of other namespaces are let in by name, where there are such. */
function allowedRoutes({ namespace, members }: IngressGroup): object {
  const namespaces = [...new Set(members.map(({ ingress }) => ingress.metadata.namespace))].sort();
  if (namespaces.every((each) => each === namespace)) return {};
  const values = namespaces.slice();
  const matchExpressions = [{ key: 'kubernetes.io/metadata.name', operator: 'In', values }];
  return { allowedRoutes: { namespaces: { from: 'Selector', selector: { matchExpressions } } } };
}

function grants(group: IngressGroup, tls: ReadonlyMap<string, TlsListener>): object[] {
  const secrets = [...tls.values()].flatMap(({ secret }) => (secret === undefined ? [] : [secret]));
  const foreign = Map.groupBy(
    secrets.filter(({ namespace }) => namespace !== group.namespace),
    ({ namespace }) => namespace,
  );
  return [...foreign].map(([namespace, list]) => ({
    apiVersion: gatewayApi,
    kind: 'ReferenceGrant',
    metadata: { name: `${group.name}-certificates`, namespace },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', namespace: group.namespace }],
      to: [...new Set(list.map(({ name }) => name))].map((name) => ({ group: '', kind: 'Secret', name })),
    },
  }));
}
