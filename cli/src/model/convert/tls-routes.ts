// TLSRoutes of Ingresses whose TLS is passed through: one for each host that is theirs.

import { parentOf, type TlsListener } from './gateway-of-group.ts';
import type { RouteContext } from './http-routes.ts';
import { backendRefs } from './http-routes.ts';
import type { Member } from './ingress-group.ts';
import { passthroughOf } from './ingress-table.ts';
import { slug } from './names.ts';

/** The TLSRoutes of an Ingress. */
export function tlsRoutes(
  member: Member,
  tls: ReadonlyMap<string, TlsListener>,
  context: RouteContext,
): object[] {
  const { namespace, name } = member.ingress.metadata;
  const { names } = context;
  return [...passthroughOf(member, context.notes)].flatMap(([host, backend]) => {
    const listener = tls.get(host);
    if (listener?.owner !== member) return [];
    return [
      {
        apiVersion: 'gateway.networking.k8s.io/v1',
        kind: 'TLSRoute',
        metadata: { name: names.take(namespace, `${name}-${slug(host)}`), namespace },
        spec: {
          parentRefs: [parentOf(context, listener.name, namespace)],
          hostnames: [host],
          rules: [{ backendRefs: backendRefs({ backend, at: `rules for ${host}` }, member, context) }],
        },
      },
    ];
  });
}
