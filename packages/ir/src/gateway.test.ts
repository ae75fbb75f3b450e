import { expect, test } from 'vitest';
import { gatewayKey, gatewayLabel } from './gateway.ts';

test.each([
  ['Gateway', 'shop', 'edge', 'Gateway shop/edge'],
  ['Service', 'shop', 'web', 'Service shop/web'],
  ['Ingress', 'shop', 'web', 'Ingress shop/web'],
  ['IngressClass', '', 'public', 'IngressClass public'],
  ['CiliumEnvoyConfig', 'shop', 'raw', 'CiliumEnvoyConfig shop/raw'],
  ['CiliumClusterwideEnvoyConfig', '', 'raw', 'CiliumClusterwideEnvoyConfig raw'],
])('the gateway of %s %s/%s is named %s', (kind, namespace, name, label) => {
  expect(gatewayLabel(gatewayKey({ kind, namespace, name }))).toBe(label);
});
