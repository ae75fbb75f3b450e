// The Gateway of a group: a listener for HTTP, and one for each host that has TLS; ListenerSets where it has no room for all. A host that several Ingresses want is that of
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

/** A Gateway, and a ListenerSet, take no more listeners (Gateway API v1.7.0). */
const maxListeners = 64;

/** Where a listener stands. */
export interface ListenerPlace {
  readonly kind: 'Gateway' | 'ListenerSet';
  readonly name: string;
}

/** Where the listeners of a group stand, by name: what the Gateway has no room for stands in ListenerSets. */
export function listenerPlaces(
  group: IngressGroup,
  tls: ReadonlyMap<string, TlsListener>,
): Map<string, ListenerPlace> {
  const names = [
    ...(group.httpPort === undefined ? [] : [httpListenerName]),
    ...[...tls.values()].map((l) => l.name),
  ];
  return new Map(
    names.map((name, i) => {
      const part = Math.floor(i / maxListeners);
      const kind = part === 0 ? 'Gateway' : 'ListenerSet';
      return [name, { kind, name: part === 0 ? group.name : `${group.name}-${part + 1}` }];
    }),
  );
}

/** The reference of a route to a listener of a group. @param namespace of the route */
export function parentOf(
  of: { readonly group: IngressGroup; readonly places: ReadonlyMap<string, ListenerPlace> },
  sectionName: string,
  namespace: string,
): object {
  const { kind, name } = of.places.get(sectionName) ?? { kind: 'Gateway', name: of.group.name };
  return {
    ...(kind === 'Gateway' ? {} : { group: 'gateway.networking.k8s.io', kind }),
    name,
    ...(of.group.namespace === namespace ? {} : { namespace: of.group.namespace }),
    sectionName,
  };
}

/** The Gateway with its ListenerSets, and the grants that they need for Secrets of other namespaces. */
export function gatewayObjects(
  group: IngressGroup,
  tls: ReadonlyMap<string, TlsListener>,
  places: ReadonlyMap<string, ListenerPlace>,
): object[] {
  const { namespace, gatewayClassName, httpPort } = group;
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
  const byPlace = Map.groupBy([...http, ...secure], ({ name }) => places.get(name)?.name ?? group.name);
  const objects = [...byPlace].map(([name, listeners]) =>
    name === group.name
      ? {
          apiVersion: gatewayApi,
          kind: 'Gateway',
          metadata: { name, namespace },
          spec: {
            gatewayClassName,
            listeners,
            ...(byPlace.size === 1 ? {} : { allowedListeners: { namespaces: { from: 'Same' } } }),
          },
        }
      : {
          apiVersion: gatewayApi,
          kind: 'ListenerSet',
          metadata: { name, namespace },
          spec: { parentRef: { name: group.name }, listeners },
        },
  );
  return [...objects, ...grants(group, tls, byPlace.size > 1)];
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

function grants(group: IngressGroup, tls: ReadonlyMap<string, TlsListener>, hasSets: boolean): object[] {
  const kinds = hasSets ? ['Gateway', 'ListenerSet'] : ['Gateway'];
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
      from: kinds.map((kind) => ({
        group: 'gateway.networking.k8s.io',
        kind,
        namespace: group.namespace,
      })),
      to: [...new Set(list.map(({ name }) => name))].map((name) => ({ group: '', kind: 'Secret', name })),
    },
  }));
}
