import { z } from 'zod';

/** API group of the Gateway API. */
export const gatewayGroup = 'gateway.networking.k8s.io';

/** API group of Cilium. */
export const ciliumGroup = 'cilium.io';

/** Accepts every one of `versions` of a group and normalises to `preferred`. */
export function apiVersions<const Preferred extends string>(preferred: Preferred, others: readonly string[]) {
  return z.enum([preferred, ...others]).transform((): Preferred => preferred);
}

/** `v1` of the Gateway API and the versions before it whose objects have the same fields. */
export const gatewayVersions = apiVersions('gateway.networking.k8s.io/v1', [
  'gateway.networking.k8s.io/v1beta1',
  'gateway.networking.k8s.io/v1alpha2',
]);
