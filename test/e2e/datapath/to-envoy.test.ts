// What clients see and what Envoys see of a Gateway in a cluster: an Envoy in a pod of each node behind a Service that Sluice made. Each
// connection goes to the Envoy of the node that it comes to, which sees the client and, by its socket, where the client connected to.
import { describeIf, type RunningEnvoy, startEnvoy, until } from '@sluice/testkit';
import type { Peer } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Datapath,
  type DatapathNode,
  datapathUnavailable,
  startDatapath,
} from '../../harness/datapath.ts';
import { serviceWith } from './services.ts';

const vip = '203.0.113.1';
const vip6 = '2001:db8:113::1';
const clusterIps = ['10.96.0.70', 'fd96::70'] as const;
const ports = [{ port: 80, targetPort: 20_080, nodePort: 30_080 }] as const;
/** Where the server behind Envoy listens, in Envoy's pod. */
const behind = 9_000;

/** A listener as xds-server makes those that are led to, with a log line for each connection that has ended. */
const bootstrap = {
  static_resources: {
    listeners: [
      {
        name: 'edge',
        address: { socket_address: { address: '0.0.0.0', port_value: 20_080 } },
        additional_addresses: [{ address: { socket_address: { address: '::', port_value: 20_080 } } }],
        listener_filters: [
          {
            name: 'envoy.filters.listener.original_dst',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.listener.original_dst.v3.OriginalDst',
            },
          },
        ],
        filter_chains: [
          {
            filters: [
              {
                name: 'envoy.filters.network.tcp_proxy',
                typed_config: {
                  '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
                  stat_prefix: 'edge',
                  cluster: 'behind',
                  access_log: [
                    {
                      name: 'stdout',
                      typed_config: {
                        '@type':
                          'type.googleapis.com/envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
                        log_format: {
                          text_format_source: {
                            inline_string: 'seen %DOWNSTREAM_REMOTE_ADDRESS% > %DOWNSTREAM_LOCAL_ADDRESS%\n',
                          },
                        },
                      },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
    clusters: [
      {
        name: 'behind',
        type: 'STATIC',
        load_assignment: {
          cluster_name: 'behind',
          endpoints: [
            {
              lb_endpoints: [
                {
                  endpoint: {
                    address: { socket_address: { address: '127.0.0.1', port_value: behind } },
                  },
                },
              ],
            },
          ],
        },
      },
    ],
  },
};

interface Edge {
  readonly node: DatapathNode;
  readonly envoy: RunningEnvoy;
  readonly addresses: readonly string[];
  /** A client pod of the node. */
  readonly client: Peer;
  readonly clientAddresses: readonly string[];
}

describeIf(datapathUnavailable())('connections to the Envoys of the nodes', () => {
  const stack = new AsyncDisposableStack();
  let datapath: Datapath;
  let outside: Peer;
  const edges: Edge[] = [];
  let lastPort = 21_000;

  beforeAll(async () => {
    datapath = stack.use(await startDatapath({ nodes: 2 }));
    for (const node of datapath.nodes) {
      const pod = await node.addPod(`envoy-of-${node.name}`);
      const server = await pod.startPeer(node.name);
      await server.listen(behind, { address: '127.0.0.1' });
      const envoy = stack.use(
        await startEnvoy({
          bootstrap,
          within: pod.namespace.enter,
          args: ['--file-flush-interval-msec', '50'],
        }),
      );
      const client = await node.addPod(`client-of-${node.name}`);
      edges.push({
        ...{ node, envoy, addresses: [pod.address, pod.address6] },
        client: await client.startPeer(),
        clientAddresses: [client.address, client.address6],
      });
    }
    outside = await datapath.network.outside.startPeer();
    await publish(edges);
  });
  afterAll(() => stack.disposeAsync());

  const publish = (on: readonly Edge[]) => {
    const endpoints = on.flatMap(({ node, addresses }) =>
      addresses.map((address) => ({ address, node: node.name })),
    );
    const spec = {
      ...{ type: 'NodePort', clusterIP: clusterIps[0], clusterIPs: clusterIps, externalIPs: [vip, vip6] },
      ...{ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] },
    };
    const labels = { 'app.kubernetes.io/managed-by': 'sluice' };
    return datapath.apply({ 'edge.yaml': serviceWith('edge', ports, { endpoints, spec, labels }) });
  };
  const isIpv6 = (address: string) => address.includes(':');
  const at = (address: string, port: number) =>
    isIpv6(address) ? `[${address}]:${port}` : `${address}:${port}`;

  /** Asks, and expects this Envoy to have seen this client connect to that very place. */
  async function expectSeen(of: {
    client: Peer;
    from: readonly string[];
    address: string;
    port: number;
    by: Edge;
    mapped?: boolean;
  }) {
    const { client, from, address, port, by, mapped = false } = of;
    lastPort += 1;
    const { answer, error } = await client.ask({ address, port, localPort: lastPort, mapped });
    expect(error, at(address, port)).toBeUndefined();
    expect(answer).toMatchObject({ name: by.node.name, peerPort: port });
    expect(answer?.peer.replace('::ffff:', '')).toBe(address);
    const [own = ''] = from.filter((one) => isIpv6(one) === isIpv6(address));
    const line = `seen ${at(own, lastPort)} > ${at(address, port)}\n`;
    await until(() => by.envoy.process.log().includes(line), {
      message: () => `${line} in:\n${by.envoy.process.log()}`,
    });
  }

  it('from outside, through each node and in both families', async () => {
    const { address, address6 } = datapath.network.outside;
    const from = [address, address6];
    for (const [index, by] of edges.entries()) {
      const places = [by.node.address, by.node.address6].map((node) => ({ address: node, port: 30_080 }));
      // The addresses of the Service are routed to the first node.
      if (index === 0) places.push(...[vip, vip6].map((one) => ({ address: one, port: 80 })));
      for (const place of places)
        for (let turn = 0; turn < 5; turn += 1) await expectSeen({ client: outside, from, by, ...place });
    }
  });

  it('from pods of each node, by every address of the Service', async () => {
    for (const by of edges)
      for (const [address, port] of [
        ...[...clusterIps, vip, vip6].map((one) => [one, 80] as const),
        ...[by.node.address, by.node.address6].map((one) => [one, 30_080] as const),
      ])
        for (const mapped of isIpv6(address) ? [false] : [false, true])
          await expectSeen({ client: by.client, from: by.clientAddresses, address, port, by, mapped });
  });

  it('a direct connection with the addresses of an older one is told of no other place', async () => {
    const [by] = edges;
    if (by === undefined) throw new Error('a node was asked for');
    const direct = { client: by.client, from: by.clientAddresses, port: 20_080, by };
    for (const address of by.addresses) {
      const [service] = clusterIps.filter((one) => isIpv6(one) === isIpv6(address));
      await expectSeen({ ...direct, address: service ?? '', port: 80 });
      lastPort -= 1;
      await expectSeen({ ...direct, address });
      await expectSeen({
        client: outside,
        from: outsideAddresses(),
        address: isIpv6(address) ? vip6 : vip,
        port: 80,
        by,
      });
      lastPort -= 1;
      await expectSeen({ ...direct, client: outside, from: outsideAddresses(), address });
    }
  });

  it('where the node has no Envoy that of another node takes them', async () => {
    const [first, second] = edges;
    if (first === undefined || second === undefined) throw new Error('two nodes were asked for');
    await publish([first]);
    expect(await second.client.askMany(5, { address: clusterIps[0], port: 80 })).toEqual({
      [first.node.name]: 5,
    });
    expect(await outside.askMany(5, { address: second.node.address6, port: 30_080 })).toEqual({
      [first.node.name]: 5,
    });
  });

  const outsideAddresses = () => [datapath.network.outside.address, datapath.network.outside.address6];
});
