import { buildSubject } from '@sluice/events';
import { canonicalHash, type ObjectRef } from '@sluice/ir';

/** The key of an object in every table here: its subject on the log. */
export function keyOf(ref: ObjectRef): string {
  return buildSubject({
    domain: 'object',
    group: ref.group,
    kind: ref.kind,
    namespace: ref.namespace,
    name: ref.name,
  });
}

/** The key of a kind, as `gateway.networking.k8s.io/HTTPRoute` and `/Service`. */
export function kindKey({ group, kind }: { readonly group: string; readonly kind: string }): string {
  return `${group}/${kind}`;
}

/** A stable UID for an object that has none: a UUID (version 8, RFC 9562) out of the SHA-256 of its reference. */
export function uidOf(ref: ObjectRef): string {
  const hex = canonicalHash([ref.group, ref.kind, ref.namespace, ref.name]);
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}
