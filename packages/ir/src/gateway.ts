import { z } from 'zod';
import { type ObjectRef, objectRefSchema } from './key.ts';

/**
 * A Gateway as the data plane sees it: who it is and where it listens. So is what stands for one: a Service whose traffic
 * goes to a listener of its own. Key: see `gatewayKey`; `source` names the object.
 */
export const irGatewaySchema = z.strictObject({
  kind: z.literal('gateway'),
  key: z.string(),
  source: objectRefSchema,
  /** `metadata.generation` of the object this was made from; 0 when the source has none. */
  generation: z.int().nonnegative(),
  /** IP addresses, sorted; IPv6 without brackets. Empty while none is assigned, and where a load balancer has names alone. */
  addresses: z.array(z.string()),
  /** Keys of its listeners, sorted. */
  listeners: z.array(z.string()),
});
export type IrGateway = z.infer<typeof irGatewaySchema>;

/** The key of the gateway that an object stands for: `<namespace>/<name>` of a Gateway, `service:<namespace>/<name>` of a Service. */
export function gatewayKey({
  kind,
  namespace,
  name,
}: Pick<ObjectRef, 'kind' | 'namespace' | 'name'>): string {
  const key = `${namespace}/${name}`;
  return kind === 'Gateway' ? key : `${kind.toLowerCase()}:${key}`;
}

/** Kinds that may have a gateway of their own, other than Gateway. */
const holderKinds: ReadonlyMap<string, string> = new Map(
  ['Service', 'Ingress', 'IngressClass', 'CiliumEnvoyConfig', 'CiliumClusterwideEnvoyConfig'].map((kind) => [
    kind.toLowerCase(),
    kind,
  ]),
);

/** What the key of a gateway names, in words: `Gateway shop/edge`, `Service shop/web`, `IngressClass public`. */
export function gatewayLabel(key: string): string {
  const [, kind, name = ''] = /^([a-z]+):(.*)$/s.exec(key) ?? ['', 'gateway', key];
  const shown = holderKinds.get(kind) ?? `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
  return `${shown} ${name.replace(/^\//, '')}`;
}
