// Where connections to a Service go whose requests data planes balance, and those to a host port.
import type { IrEndpointGroup, IrL4Frontend, IrL4Service } from '@sluice/ir';
import { expect, test } from 'vitest';
import { DesiredMaps } from './desired-maps.ts';
import { backendFlags, frontendFlags, scopes } from './rows.ts';
import { type NodeSettings, serviceRows } from './service-rows.ts';

type Endpoint = IrEndpointGroup['endpoints'][number];

const here: NodeSettings = { name: 'n1', zone: '', ipv4: '192.0.2.1', ipv6: '', tableSize: 251 };
const envoysPort = 'sluice-system/envoy/19001';

function group(service: string, endpoints: readonly Endpoint[]): IrEndpointGroup {
  return { kind: 'endpoint-group', key: service, service, endpoints: [...endpoints] };
}

function envoy(address: string, node: string, state: Endpoint['state'] = 'ready'): Endpoint {
  return { address, port: 19_001, state, node };
}

function web(settings: Partial<IrL4Service> = {}, frontend: Partial<IrL4Frontend> = {}): IrL4Service {
  return {
    kind: 'l4-service',
    key: 'default/web',
    source: { group: '', kind: 'Service', namespace: 'default', name: 'web' },
    generation: 1,
    frontends: [
      {
        ...{ address: '10.96.0.7', port: 80, protocol: 'TCP', type: 'cluster', endpoints: 'default/web/80' },
        proxy: { dataPlanes: envoysPort, port: 20_080 },
        ...frontend,
      },
    ],
    ...settings,
  };
}

const own = group('default/web/80', [{ address: '10.0.0.7', port: 8080, state: 'ready', node: 'n2' }]);

/** What a client inside gets, and one outside; `local` and `l7` are flags. */
function led(service: IrL4Service, envoys: readonly Endpoint[]): string[] {
  const groups = [own, group(envoysPort, envoys)];
  const rows = serviceRows(service, (port) => groups.filter((one) => one.service === port), here);
  return rows.frontends.map((row) => {
    const backends = rows.sets.get(row.set)?.backends ?? [];
    const at = backends.map(
      ({ address, port, flags }) => `${address}:${port}${(flags & backendFlags.local) === 0 ? '' : ' local'}`,
    );
    const kept = row.affinityTimeoutS === 0 ? '' : ` for ${row.affinityTimeoutS} s`;
    const kind = (row.flags & frontendFlags.l7) === 0 ? 'L4' : 'L7';
    return `${row.scope === scopes.inside ? 'inside' : 'outside'}: ${kind} ${at.join(', ')}${kept}`;
  });
}

const both = (text: string) => [`inside: ${text}`, `outside: ${text}`];

test('the Envoy of the node goes first, at the port that it bound for the Service', () => {
  const envoys = [envoy('10.0.1.9', 'n1'), envoy('10.0.2.9', 'n2')];
  expect(led(web(), envoys)).toEqual(both('L7 10.0.1.9:20080 local'));
  // Envoys choose for each request: no client keeps one.
  expect(led(web({ affinityTimeoutS: 60 }), envoys)).toEqual(both('L7 10.0.1.9:20080 local'));
});

test('where the node has none that is ready those of others do, and one that drains where none is', () => {
  const others = [envoy('10.0.2.9', 'n2'), envoy('10.0.3.9', 'n3')];
  expect(led(web(), others)).toEqual(both('L7 10.0.2.9:20080, 10.0.3.9:20080'));
  expect(led(web(), [envoy('10.0.1.9', 'n1', 'draining'), ...others])).toEqual(
    both('L7 10.0.2.9:20080, 10.0.3.9:20080'),
  );
  expect(led(web(), [envoy('10.0.1.9', 'n1', 'draining')])).toEqual(both('L7 10.0.1.9:20080 local'));
});

test('one that stands there with two ports counts once', () => {
  const twice = [envoy('10.0.1.9', 'n1'), { ...envoy('10.0.1.9', 'n1'), port: 8080 }];
  expect(led(web(), twice)).toEqual(both('L7 10.0.1.9:20080 local'));
});

test('where there is none at all, or none of the family, the endpoints are reached themselves', () => {
  expect(led(web({ affinityTimeoutS: 60 }), [])).toEqual(both('L4 10.0.0.7:8080 for 60 s'));
  expect(led(web(), [envoy('fd00::9', 'n1')])).toEqual(both('L4 10.0.0.7:8080'));
});

test('a policy that is local keeps to the node: no other Envoy could answer a client whose address is kept', () => {
  const others = [envoy('10.0.2.9', 'n2')];
  const atNode = web({ externalPolicy: 'local' }, { type: 'node-port', address: '0.0.0.0' });
  expect(led(atNode, others)).toEqual(['inside: L7 10.0.2.9:20080', 'outside: L4 ']);
  expect(led(atNode, [envoy('10.0.1.9', 'n1')])).toEqual(both('L7 10.0.1.9:20080 local'));
  expect(led(web({ internalPolicy: 'local' }), others)).toEqual(both('L4 '));
});

test('an address instead of endpoints is the node’s own where it is empty', () => {
  expect(led(web({}, { proxy: { address: '', port: 20_080 } }), [])).toEqual(
    both('L7 192.0.2.1:20080 local'),
  );
  expect(led(web({}, { proxy: { address: '127.80.0.1', port: 8080 } }), [])).toEqual(
    both('L7 127.80.0.1:8080 local'),
  );
});

test('an Envoy that comes or goes changes the maps of the Services that it serves, and no other', () => {
  const maps = new DesiredMaps(here);
  const put = (resource: IrL4Service | IrEndpointGroup) => ({
    kind: resource.kind,
    key: resource.key,
    resource,
  });
  const plain = web({ key: 'default/plain' }, { address: '10.96.0.8' });
  const [frontend] = plain.frontends;
  if (frontend === undefined) throw new Error('it has a frontend');
  const { proxy: _, ...rest } = frontend;
  maps.apply([put(own), put(web()), put({ ...plain, frontends: [rest] })]);
  const before = maps.computed;
  maps.apply([put(group(envoysPort, [envoy('10.0.1.9', 'n1')]))]);
  expect(maps.computed - before).toBe(1);
  const withEnvoy = maps.hash;
  maps.apply([{ kind: 'endpoint-group', key: envoysPort }]);
  expect(maps.computed - before).toBe(2);
  expect(maps.hash).not.toBe(withEnvoy);
});

function hostPort(address: string, node: string): IrL4Service {
  const endpoint = { address: '10.0.0.9', port: 8080 };
  const frontend = { address, type: 'host-port', endpoints: 'Pod/default/web/80', endpoint } as const;
  const { frontends, ...rest } = web({ key: 'Pod/default/web', node });
  return { ...rest, frontends: frontends.map(({ proxy: _, ...place }) => ({ ...place, ...frontend })) };
}

test('a host port leads to its Pod, on its node alone, at addresses of that node alone', () => {
  for (const address of ['0.0.0.0', '192.0.2.1'])
    expect(led(hostPort(address, 'n1'), [])).toEqual(both('L4 10.0.0.9:8080 local'));
  expect(led(hostPort('0.0.0.0', 'n2'), [])).toEqual([]);
  // Whoever may make a Pod may not catch what the node sends elsewhere.
  expect(led(hostPort('203.0.113.53', 'n1'), [])).toEqual([]);
});

test('Pods of other nodes cost a node nothing', () => {
  const desired = new DesiredMaps(here);
  const pods = Array.from({ length: 1000 }, (_, i) => ({
    ...hostPort('0.0.0.0', 'n2'),
    key: `Pod/default/${i}`,
  }));
  const put = (resource: IrL4Service) => ({ kind: resource.kind, key: resource.key, resource });
  desired.apply(pods.map(put));
  expect([desired.computed, desired.counts.frontends]).toEqual([0, 0]);
  desired.apply([put(hostPort('0.0.0.0', 'n1'))]);
  expect([desired.computed, desired.counts.frontends]).toEqual([1, 2]);
  // The same name on another node: what this node had goes.
  const moved = desired.apply([put(hostPort('0.0.0.0', 'n2'))]);
  expect([moved.goneFrontends.length, desired.counts.frontends]).toEqual([2, 0]);
});
