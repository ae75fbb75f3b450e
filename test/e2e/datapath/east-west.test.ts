// Connections of pods to Services, over two nodes with an agent each: the backend is chosen when a socket connects or sends, and the
// client is told the Service's address all the same. Kubernetes: Service v1, internalTrafficPolicy, sessionAffinity.
import { describeIf, until } from '@sluice/testkit';
import type { Peer, Pod } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Datapath, datapathUnavailable, startDatapath } from '../../harness/datapath.ts';
import { type EndpointSetup, serviceWith } from './services.ts';

const vip = '10.96.0.10';
const vip6 = 'fd96::10';
const external = '203.0.113.5';
const ports = [
  { port: 80, targetPort: 8080, nodePort: 30_080 },
  { port: 53, targetPort: 5353, protocol: 'UDP', nodePort: 30_053 },
] as const;
const dual = {
  ...{
    clusterIP: vip,
    clusterIPs: [vip, vip6],
    ipFamilyPolicy: 'RequireDualStack',
    ipFamilies: ['IPv4', 'IPv6'],
  },
  ...{ type: 'NodePort', externalIPs: [external] },
};

describeIf(datapathUnavailable())('Services from pods', () => {
  let datapath: Datapath;
  const servers: Pod[] = [];
  /** A client pod on each node. */
  const clients: (Pod & { readonly peer: Peer })[] = [];

  beforeAll(async () => {
    datapath = await startDatapath({ nodes: 2 });
    for (const [index, node] of datapath.nodes.entries()) {
      const server = await node.addPod(`web-${index + 1}`);
      const peer = await server.startPeer();
      await peer.listen(8080);
      await peer.listen(5353, { protocol: 'udp' });
      servers.push(server);
      const client = await node.addPod(`client-${index + 1}`);
      clients.push({ ...client, peer: await client.startPeer() });
    }
  });
  afterAll(() => datapath?.[Symbol.asyncDispose]());

  const on = (...which: readonly number[]): EndpointSetup[] =>
    which.flatMap((number) => {
      const [pod, node] = [servers[number - 1], datapath.nodes[number - 1]];
      if (pod === undefined || node === undefined) throw new Error(`no pod ${number}`);
      return [pod.address, pod.address6].map((address) => ({ address, node: node.name }));
    });
  const publish = (endpoints: readonly EndpointSetup[], spec: object = {}) =>
    datapath.apply({ 'web.yaml': serviceWith('web', ports, { endpoints, spec: { ...dual, ...spec } }) });
  const gone = () => datapath.apply({ 'web.yaml': null });
  const client = (number: number): Pod & { readonly peer: Peer } => {
    const found = clients[number - 1];
    if (found === undefined) throw new Error(`no client ${number}`);
    return found;
  };

  it('reach backends of both nodes by every address, protocol and kind of socket, with the pod’s own address', async () => {
    await publish(on(1, 2));
    const [first, second] = datapath.nodes;
    const addresses = [
      { address: vip },
      { address: vip6 },
      { address: vip, mapped: true },
      { address: external },
      { address: first?.address ?? '', isNode: true },
      { address: first?.address6 ?? '', isNode: true },
    ];
    const from = client(1);
    for (const { address, mapped = false, isNode = false } of addresses)
      for (const { protocol, connected, port, nodePort } of [
        { protocol: 'tcp', connected: true, port: 80, nodePort: 30_080 },
        { protocol: 'udp', connected: true, port: 53, nodePort: 30_053 },
        { protocol: 'udp', connected: false, port: 53, nodePort: 30_053 },
      ] as const) {
        const options = { address, mapped, protocol, connected, port: isNode ? nodePort : port };
        const told = JSON.stringify(options);
        expect(Object.keys(await from.peer.askMany(25, options)).sort(), told).toEqual(['web-1', 'web-2']);
        const { answer } = await from.peer.ask(options);
        expect(answer?.peer.replace('::ffff:', ''), told).toBe(address);
        expect(answer?.peerPort, told).toBe(options.port);
        expect([from.address, from.address6], told).toContain(answer?.client);
      }
    expect(second).toBeDefined();
    await gone();
  });

  it('internalTrafficPolicy Local keeps to the node; without a backend there it refuses', async () => {
    await publish(on(1, 2), { internalTrafficPolicy: 'Local' });
    for (const number of [1, 2])
      expect(await client(number).peer.askMany(10, { address: vip, port: 80 })).toEqual({
        [`web-${number}`]: 10,
      });
    await publish(on(2), { internalTrafficPolicy: 'Local' });
    expect((await client(1).peer.ask({ address: vip, port: 80 })).error).toBe('ECONNREFUSED');
    expect((await client(2).peer.ask({ address: vip, port: 80 })).answer?.name).toBe('web-2');
    await gone();
  });

  it('session affinity lasts as long as it says', async () => {
    const config = { clientIP: { timeoutSeconds: 4 } };
    await publish(on(1, 2), { sessionAffinity: 'ClientIP', sessionAffinityConfig: config });
    const options = { address: vip, port: 80 };
    const names = Object.keys(await client(1).peer.askMany(20, options));
    expect(names).toHaveLength(1);
    // Each connection renews it: so each look waits longer than it lasts, until another backend is met.
    const other = async () => (await client(1).peer.ask(options)).answer?.name !== names[0];
    await until(other, { timeoutMs: 120_000, intervalMs: 4_400, message: 'another backend' });
    await gone();
  });

  it('datagrams of a socket go to one endpoint: of one that is connected for good, else for as long as that takes any', async () => {
    await publish(on(1, 2));
    for (const address of [vip, vip6]) {
      const options = { address, port: 53, protocol: 'udp' } as const;
      const sockets = await Promise.all(
        [true, false].map((connected) => client(1).peer.open({ ...options, connected })),
      );
      for (const [index, socket] of sockets.entries()) {
        const { answer } = await socket.ask();
        const rest = answer?.name === 'web-1' ? 2 : 1;
        for (let turn = 0; turn < 10; turn += 1) expect((await socket.ask()).answer).toEqual(answer);
        await publish(on(rest));
        const expected = index === 0 ? answer?.name : `web-${rest}`;
        expect((await socket.ask()).answer).toMatchObject({ name: expected, peer: address, peerPort: 53 });
        await publish(on(1, 2));
        expect((await socket.ask()).answer?.name).toBe(expected);
        await socket.close();
      }
    }
    await gone();
  });

  it('an endpoint that leaves keeps its connections and gets no new ones; the last one gone refuses at once', async () => {
    await publish(on(1, 2));
    const { peer } = client(1);
    const open = await peer.open({ address: vip, port: 80 });
    const name = (await open.ask()).answer?.name;
    const rest = name === 'web-1' ? 2 : 1;
    await publish(on(rest));
    expect(await peer.askMany(20, { address: vip, port: 80 })).toEqual({ [`web-${rest}`]: 20 });
    expect((await open.ask()).answer?.name).toBe(name);
    await publish([]);
    for (const options of [
      { address: vip, port: 80 },
      { address: vip6, port: 80 },
      { address: vip, port: 53, protocol: 'udp' },
      { address: vip, port: 53, protocol: 'udp', connected: true },
    ] as const)
      expect((await peer.ask(options)).error, JSON.stringify(options)).toBe('ECONNREFUSED');
    expect((await open.ask()).answer?.name).toBe(name);
    await open.close();
    await gone();
  });

  it('an agent killed and started again under streams of new connections: none fails', async () => {
    await publish(on(1, 2));
    const streams = await Promise.all(clients.map(({ peer }) => peer.stream({ address: vip, port: 80 })));
    const grown = async () => {
      for (const stream of streams) {
        const { answered } = await stream.streamed();
        const more = async () => (await stream.streamed()).answered > answered + 50;
        await until(more, { message: 'more answers' });
      }
    };
    await grown();
    for (const node of datapath.nodes) await node.stopAgent('SIGKILL');
    await grown();
    for (const node of datapath.nodes) await node.startAgent();
    await publish(on(1));
    await grown();
    for (const stream of streams) expect((await stream.stop()).errors).toEqual({});
    expect(await client(2).peer.askMany(10, { address: vip, port: 80 })).toEqual({ 'web-1': 10 });
    await gone();
  });
});
