import { expect, test } from 'vitest';
import { endpointAddresses, serviceOfHost } from './log-addresses.ts';

test.each([
  ['nats.sluice-system.svc', { name: 'nats', namespace: 'sluice-system' }],
  ['nats.edge.svc.cluster.local', { name: 'nats', namespace: 'edge' }],
  ['nats.example.com', undefined],
  ['127.0.0.1', undefined],
  ['nats.edge.svcs', undefined],
])('%s', (host, service) => {
  expect(serviceOfHost(host)).toEqual(service);
});

const metadata = { name: 'nats-1', namespace: 'sluice-system', uid: 'u', resourceVersion: '1' };
const slice = (...endpoints: unknown[]) => ({ metadata, endpoints });

test.each([
  ['none', [], []],
  [
    'those that are ready, each once, of all slices',
    [
      slice({ addresses: ['10.0.0.2'] }, { addresses: ['10.0.0.9'], conditions: { ready: false } }),
      slice({ addresses: ['10.0.0.1', '10.0.0.2'], conditions: { ready: true } }),
    ],
    ['10.0.0.1', '10.0.0.2'],
  ],
  ['all where none is ready', [slice({ addresses: ['fd00::1'], conditions: { ready: false } })], ['fd00::1']],
  [
    'no names, and nothing that is no endpoint',
    [
      slice({ addresses: ['nats.example', 7] }, null, 'x', { addresses: '10.0.0.1' }),
      { metadata, endpoints: {} },
    ],
    [],
  ],
])('addresses: %s', (_, slices, addresses) => {
  expect(endpointAddresses(slices)).toEqual(addresses);
});
