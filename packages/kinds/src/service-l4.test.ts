import { expect, test } from 'vitest';
import { parseObject } from './parse.ts';
import { readL4Algorithm } from './service-l4.ts';

test('the algorithm of a Service', () => {
  expect(readL4Algorithm({})).toEqual({ algorithm: 'random', faults: [] });
  expect(readL4Algorithm({ 'service.cilium.io/lb-algorithm': 'Maglev' })).toEqual({
    algorithm: 'maglev',
    faults: [],
  });
  const both = { 'service.cilium.io/lb-algorithm': 'maglev', 'service.sluice.io/lb-algorithm': 'random' };
  expect(readL4Algorithm(both).algorithm).toBe('random');
  expect(readL4Algorithm({ 'service.sluice.io/lb-algorithm': 'maglef' })).toEqual({
    algorithm: 'random',
    faults: [
      {
        annotation: 'service.sluice.io/lb-algorithm',
        message: '"maglef" is not known, so it counts as not said',
        hint: 'did you mean "maglev"? known are random, maglev',
      },
    ],
  });
});

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { ports: [{ port: 80 }] },
};
const status = {
  conditions: [{ type: 'x' }],
  loadBalancer: {
    ingress: [
      { ip: '192.0.2.1', ports: [] },
      { ip: '192.0.2.2', ipMode: 'Proxy' },
      { hostname: 'a.example' },
      7,
    ],
  },
};

test('addresses of a load balancer are read from an API server, and only where packets come with them', () => {
  const parsed = parseObject({ ...service, status }, 'api');
  expect(parsed).toMatchObject({
    ok: true,
    ignored: [],
    object: { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } },
  });
  for (const odd of [undefined, 7, {}, { loadBalancer: 'x' }, { loadBalancer: { ingress: {} } }]) {
    const plain = parseObject({ ...service, status: odd }, 'api');
    expect(plain).toMatchObject({ ok: true, ignored: [] });
    expect(plain.ok && 'status' in plain.object).toBe(false);
  }
});

test('what a file says of a status counts for nothing', () => {
  const parsed = parseObject({ ...service, status });
  expect(parsed.ok && !('status' in parsed.object)).toBe(true);
});

test.each([
  [{ clusterIP: '10.0.0' }, 'spec.clusterIP', 'must be an IP address, "None", or nothing'],
  [{ clusterIPs: ['10.0.0.1', 'x'] }, 'spec.clusterIPs[1]', 'must be an IP address or "None"'],
  [{ externalIPs: ['fd00::1', '10.0.0.300'] }, 'spec.externalIPs[1]', 'must be an IP address'],
  [
    { loadBalancerSourceRanges: ['10.0.0.0/40'] },
    'spec.loadBalancerSourceRanges[0]',
    'must be a range of addresses',
  ],
])('%j is a slip in a file, and taken from an API server', (spec, path, message) => {
  const given = { ...service, spec: { ...service.spec, ...spec } };
  const parsed = parseObject(given);
  expect(parsed.ok ? [] : parsed.faults).toEqual([
    expect.objectContaining({ path, message: expect.stringContaining(message) }),
  ]);
  expect(parseObject(given, 'api').ok).toBe(true);
});
