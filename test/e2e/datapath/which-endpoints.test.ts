// Which endpoints a node leads connections to, over two nodes in zones of their own with an agent each, from pods and from outside:
// EndpointSlices of any origin, publishNotReadyAddresses, hints and trafficDistribution (KEP-2433, KEP-3015), and very many of them.
import { describeIf } from '@sluice/testkit';
import type { Peer, Pod } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Datapath, datapathUnavailable, startDatapath } from '../../harness/datapath.ts';
import { type EndpointSetup, serviceWith } from './services.ts';

const vip = '10.96.0.20';
const external = '203.0.113.20';
const port = { port: 80, targetPort: 8080 } as const;
const zones = ['zone-a', 'zone-b'] as const;

describeIf(datapathUnavailable())('the endpoints of a Service', () => {
  let datapath: Datapath;
  let outside: Peer;
  const servers: Pod[] = [];
  /** A client pod on each node. */
  const clients: Peer[] = [];

  beforeAll(async () => {
    datapath = await startDatapath({ nodes: 2, zones });
    for (const [index, node] of datapath.nodes.entries()) {
      const server = await node.addPod(`web-${index + 1}`);
      await (await server.startPeer()).listen(8080);
      servers.push(server);
      clients.push(await (await node.addPod(`client-${index + 1}`)).startPeer());
    }
    outside = await datapath.network.outside.startPeer();
  });
  afterAll(() => datapath?.[Symbol.asyncDispose]());

  const endpoint = (number: number, more: Partial<EndpointSetup> = {}): EndpointSetup => {
    const [pod, node, zone] = [servers[number - 1], datapath.nodes[number - 1], zones[number - 1]];
    if (pod === undefined || node === undefined || zone === undefined) throw new Error(`no pod ${number}`);
    return { address: pod.address, node: node.name, zone, ...more };
  };
  const publish = (endpoints: readonly EndpointSetup[], spec: object = {}) =>
    datapath.apply({
      'web.yaml': serviceWith('web', [port], {
        endpoints,
        spec: { clusterIP: vip, externalIPs: [external], ...spec },
      }),
    });
  const gone = () => datapath.apply({ 'web.yaml': null });
  /** Who answers a pod of this node, sorted. */
  const answering = async (number: number): Promise<string[]> => {
    const counts = await clients[number - 1]?.askMany(30, { address: vip, port: 80 });
    return Object.keys(counts ?? {}).sort();
  };
  const frontends = async (): Promise<(number | undefined)[]> => {
    const figures = await Promise.all(datapath.nodes.map((node) => datapath.figures(node)));
    return figures.map((one) => one.get('sluice_datapath_rows{kind="frontends"}'));
  };

  it('a headless Service has none in the kernel: who knows an endpoint’s address reaches it directly', async () => {
    await publish([endpoint(1), endpoint(2)]);
    expect(await frontends()).toEqual([4, 4]);
    await publish([endpoint(1), endpoint(2)], { clusterIP: 'None', externalIPs: [] });
    expect(await frontends()).toEqual([0, 0]);
    for (const [index, pod] of servers.entries()) {
      const direct = { address: pod.address, port: 8080 };
      for (const client of [...clients, outside]) {
        const { answer } = await client.ask(direct);
        expect(answer).toMatchObject({ name: `web-${index + 1}`, peer: pod.address, peerPort: 8080 });
      }
    }
  });

  it('of a Service without a selector are those of slices written by hand, machines outside of the cluster too', async () => {
    const { address, address6 } = datapath.network.outside;
    await outside.listen(8080);
    const spec = {
      clusterIPs: [vip, 'fd96::20'],
      ipFamilyPolicy: 'RequireDualStack',
      ipFamilies: ['IPv4', 'IPv6'],
    };
    await publish([{ address }, { address: address6 }], spec);
    for (const client of clients)
      for (const to of [vip, 'fd96::20']) {
        const { answer } = await client.ask({ address: to, port: 80 });
        expect(answer).toMatchObject({ name: 'outside', peer: to, peerPort: 80 });
      }
    await publish([{ address }, endpoint(1)], spec);
    expect(await answering(2)).toEqual(['outside', 'web-1']);
    await gone();
  });

  it('that are not ready take connections where publishNotReadyAddresses says so', async () => {
    const notReady = [1, 2].map((number) => endpoint(number, { conditions: { ready: false } }));
    await publish(notReady);
    for (const [peer, address] of [
      ...clients.map((one) => [one, vip] as const),
      [outside, external] as const,
    ])
      expect((await peer.ask({ address, port: 80 })).error).toBe('ECONNREFUSED');
    await publish(notReady, { publishNotReadyAddresses: true });
    for (const number of [1, 2]) expect(await answering(number)).toEqual(['web-1', 'web-2']);
    expect(Object.keys(await outside.askMany(30, { address: external, port: 80 })).sort()).toEqual([
      'web-1',
      'web-2',
    ]);
    await gone();
  });

  it.each([
    { by: 'trafficDistribution PreferSameNode', distribution: 'PreferSameNode' },
    { by: 'trafficDistribution PreferSameZone', distribution: 'PreferSameZone' },
    { by: 'trafficDistribution PreferClose', distribution: 'PreferClose' },
    { by: 'hints for zones', hints: (number: number) => ({ forZones: [{ name: zones[number - 1] }] }) },
    {
      by: 'hints for nodes, which go before those for zones',
      hints: (number: number) => ({
        ...{ forZones: [{ name: zones[2 - number] }], forNodes: [{ name: `node-${number}` }] },
      }),
    },
  ])('that are near go first, those elsewhere where none is: $by', async ({ distribution, hints }) => {
    const spec = distribution === undefined ? {} : { trafficDistribution: distribution };
    const hinted = (number: number) => {
      const given = hints?.(number);
      return endpoint(number, given === undefined ? {} : { hints: given });
    };
    await publish([hinted(1), hinted(2)], spec);
    for (const number of [1, 2]) expect(await answering(number)).toEqual([`web-${number}`]);
    await publish([hinted(1)], spec);
    for (const number of [1, 2]) expect(await answering(number)).toEqual(['web-1']);
    await gone();
  });

  it('may be 1,000: connections from inside and outside reach them all over, by each algorithm, and none that has left', async () => {
    const [[pod], [node, other]] = [servers, datapath.nodes];
    if (pod === undefined || node === undefined || other === undefined)
      throw new Error('two nodes were asked for');
    // One pod that is reached at each of them.
    const link = node.namespace.run('ip', '-o', 'route', 'get', pod.address).match(/ dev (\S+)/)?.[1] ?? '';
    node.namespace.ip([`route add 10.245.0.0/22 dev ${link}`]);
    other.namespace.ip([`route add 10.245.0.0/22 via ${node.address}`]);
    pod.namespace.ip(['route add local 10.245.0.0/22 dev lo']);
    const all = Array.from({ length: 1_000 }, (_, index) => `10.245.${index >> 8}.${index & 255}`);
    for (const algorithm of ['random', 'maglev']) {
      const publishAt = (addresses: readonly string[]) =>
        datapath.apply({
          'web.yaml': serviceWith('web', [port], {
            endpoints: addresses.map((address) => ({ address, node: node.name })),
            spec: { clusterIP: vip, externalIPs: [external] },
            annotations: { 'service.sluice.io/lb-algorithm': algorithm },
          }),
        });
      const reached = async (peer: Peer, address: string): Promise<Set<string>> => {
        const found = new Set<string>();
        for (let turn = 0; turn < 60; turn += 1) {
          const { answer, error } = await peer.ask({ address, port: 80 });
          expect(error, algorithm).toBeUndefined();
          found.add(answer?.local ?? '');
        }
        return found;
      };
      const even = all.filter((_, index) => index % 2 === 0);
      for (const addresses of [all, even]) {
        await publishAt(addresses);
        for (const [peer, address] of [
          ...clients.map((one) => [one, vip] as const),
          [outside, external] as const,
        ]) {
          const found = await reached(peer, address);
          expect(
            [...found].filter((one) => !addresses.includes(one)),
            algorithm,
          ).toEqual([]);
          // Of 60 out of 500 some 56.6 are distinct; fewer than 40 in less than one run of 10^12.
          expect(found.size, algorithm).toBeGreaterThan(40);
        }
      }
    }
    await gone();
  });
});
