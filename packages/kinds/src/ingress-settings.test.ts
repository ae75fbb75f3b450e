import { expect, test } from 'vitest';
import { readIngressSettings } from './ingress-settings.ts';

test('every annotation, under any prefix, that of Sluice first', () => {
  const { faults, ...settings } = readIngressSettings(
    {
      'ingress.cilium.io/loadbalancer-mode': 'dedicated',
      'ingress.cilium.io/loadbalancer-class': 'example.com/internal',
      'ingress.cilium.io/service-type': 'NodePort',
      'ingress.cilium.io/service-external-traffic-policy': 'Local',
      'ingress.cilium.io/insecure-node-port': '30080',
      'ingress.sluice.io/secure-node-port': '30443',
      'ingress.cilium.io/host-listener-port': '8080',
      'ingress.cilium.io/tls-passthrough': 'enabled',
      'ingress.cilium.io/force-https': 'true',
      'sluice.io/force-https': 'disabled',
      'ingress.cilium.io/request-timeout': '1m1.5s',
    },
    { 'sluice.io/loadbalancer-mode': 'shared' },
  );
  expect(faults).toEqual([]);
  expect(settings).toEqual({
    mode: 'dedicated',
    loadBalancerClass: 'example.com/internal',
    serviceType: 'NodePort',
    externalTrafficPolicy: 'Local',
    insecureNodePort: 30_080,
    secureNodePort: 30_443,
    httpPort: 8080,
    tlsPassthrough: true,
    forceHttps: false,
    requestTimeoutMs: 61_500,
  });
});

test.each([
  ['loadbalancer-mode', 'Shared'],
  ['loadbalancer-class', 'a b'],
  ['service-type', 'ClusterIP'],
  ['service-external-traffic-policy', 'local'],
  ['insecure-node-port', '0'],
  ['secure-node-port', '65536'],
  ['host-listener-port', '443'],
  ['tls-passthrough', 'yes\n%REQ(x)%'],
  ['force-https', ''],
  ['request-timeout', '10'],
])('%s: %j counts as not said, and is told with a mend', (name, value) => {
  const annotation = `ingress.cilium.io/${name}`;
  const { faults, ...settings } = readIngressSettings({ [annotation]: value }, {});
  const { faults: _, ...defaults } = readIngressSettings({}, {});
  expect(settings).toEqual(defaults);
  expect(faults).toEqual([
    { annotation, message: expect.any(String) as string, hint: expect.stringMatching(/.+/) as string },
  ]);
});
