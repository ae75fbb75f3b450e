import { expect, test } from 'vitest';
import { envoyIdentity, mayBe } from './envoy-identity.ts';

test.each([
  ['the fleet', 'URI:spiffe://cluster.local/sluice/envoy', true],
  ['the node itself', 'DNS:x, URI:spiffe://cluster.local/sluice/envoy/node-1', true],
  ['one of several nodes', 'URI:spiffe://a/sluice/envoy/node-0, URI:spiffe://a/sluice/envoy/node-1', true],
  ['another node', 'URI:spiffe://cluster.local/sluice/envoy/node-2', false],
  ['a longer name', 'URI:spiffe://cluster.local/sluice/envoy/node-1/more', false],
  ['another service', 'URI:spiffe://cluster.local/sluice/xds-server', false],
  ['another case', 'URI:spiffe://cluster.local/sluice/Envoy', false],
  ['no URI', 'DNS:sluice, IP Address:10.0.0.1', false],
  ['a DNS name that looks like two names', 'DNS:"a, URI:spiffe://a/sluice/envoy, DNS:b"', false],
  ['a DNS name with a quote', 'DNS:"a\\", URI:spiffe://a/sluice/envoy"', false],
  ['nothing', undefined, false],
])('%s as node-1', (_what, names, expected) => {
  expect(mayBe(envoyIdentity(names), 'node-1')).toBe(expected);
});
