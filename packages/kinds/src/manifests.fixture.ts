// Small manifests for the tests of this package.

export const route = (spec: object, apiVersion = 'gateway.networking.k8s.io/v1'): object => ({
  apiVersion,
  kind: 'HTTPRoute',
  metadata: { name: 'r' },
  spec,
});
export const gateway = (spec: object): object => ({
  apiVersion: 'gateway.networking.k8s.io/v1beta1',
  kind: 'Gateway',
  metadata: { name: 'g' },
  spec: { gatewayClassName: 'cilium', ...spec },
});
export const service = (spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 's' },
  spec,
});
export const withMetadata = (metadata: object): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: {},
});
export const rule = (fields: object): object => route({ rules: [fields] });
export const match = (path: object): object => rule({ matches: [{ path }] });
export const filters = (...list: object[]): object => rule({ filters: list });
