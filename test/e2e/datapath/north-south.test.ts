// Packets from outside to Services, over two nodes with an agent each: who answers, whom the server sees, whom the client believes to
// speak to. Kubernetes: Service v1, externalTrafficPolicy; KEP-1669.
import { describeIf, until } from '@sluice/testkit';
import type { Machine, Peer, Pod } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Datapath,
  type DatapathNode,
  datapathUnavailable,
  startDatapath,
} from '../../harness/datapath.ts';
import { type EndpointSetup, serviceWith } from './services.ts';

const vip = '203.0.113.1';
const vip6 = '2001:db8:113::1';
const ports = [
  { port: 80, targetPort: 8080, nodePort: 30_080 },
  { port: 53, targetPort: 5353, protocol: 'UDP', nodePort: 30_053 },
] as const;

/** The Service's own places, and its node ports at a node. */
const places = [vip, vip6].flatMap((address) => [
  { address, port: 80, protocol: 'tcp' } as const,
  { address, port: 53, protocol: 'udp' } as const,
]);
const nodePorts = [
  ['address', 30_080, 'tcp'],
  ['address', 30_053, 'udp'],
  ['address6', 30_080, 'tcp'],
  ['address6', 30_053, 'udp'],
] as const;

describeIf(datapathUnavailable())('Services from outside of the cluster', () => {
  let datapath: Datapath;
  let one: DatapathNode;
  let two: DatapathNode;
  let outside: Machine;
  let client: Peer;
  const pods: Pod[] = [];

  beforeAll(async () => {
    datapath = await startDatapath({ nodes: 2 });
    const [first, second] = datapath.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes were asked for');
    [one, two, outside] = [first, second, datapath.network.outside];
    for (const [index, node] of datapath.nodes.entries()) {
      const pod = await node.addPod(`web-${index + 1}`);
      const peer = await pod.startPeer();
      await peer.listen(8080);
      await peer.listen(5353, { protocol: 'udp' });
      pods.push(pod);
    }
    client = await outside.startPeer();
  });
  afterAll(() => datapath?.[Symbol.asyncDispose]());

  /** Endpoints of pods, both families. */
  const on = (...which: readonly number[]): EndpointSetup[] =>
    which.flatMap((number) => {
      const pod = pods[number - 1];
      const node = datapath.nodes[number - 1];
      if (pod === undefined || node === undefined) throw new Error(`no pod ${number}`);
      return [pod.address, pod.address6].map((address) => ({ address, node: node.name }));
    });
  const dual = {
    type: 'NodePort',
    externalIPs: [vip, vip6],
    ipFamilyPolicy: 'RequireDualStack',
    ipFamilies: ['IPv4', 'IPv6'],
  };
  const publish = (endpoints: readonly EndpointSetup[], spec: object = {}, annotations: object = {}) =>
    datapath.apply({
      'web.yaml': serviceWith('web', ports, { endpoints, spec: { ...dual, ...spec }, annotations }),
    });
  const gone = () => datapath.apply({ 'web.yaml': null });

  it('reach a backend on the node with the client’s address, and one on another node with the node’s', async () => {
    for (const [number, sees] of [
      [1, outside],
      [2, one],
    ] as const) {
      await publish(on(number));
      for (const [address, family] of [
        [vip, 'address'],
        [vip6, 'address6'],
      ] as const)
        for (const [port, protocol, sizeBytes] of [
          [80, 'tcp', 1],
          [80, 'tcp', 200_000],
          [53, 'udp', 10],
          [53, 'udp', 5_000],
        ] as const) {
          const { answer, error } = await client.ask({ address, port, protocol, sizeBytes });
          expect(error, `${protocol} ${address} ${sizeBytes}`).toBeUndefined();
          expect(answer).toMatchObject({
            name: `web-${number}`,
            client: sees[family],
            peer: address,
            peerPort: port,
          });
        }
    }
    await gone();
  });

  it('answer at NodePorts of every node, in both families', async () => {
    await publish(on(1));
    for (const node of datapath.nodes)
      for (const family of ['address', 'address6'] as const)
        for (const [port, protocol] of [
          [30_080, 'tcp'],
          [30_053, 'udp'],
        ] as const) {
          const { answer, error } = await client.ask({ address: node[family], port, protocol });
          expect(error).toBeUndefined();
          const sees = node.name === one.name ? outside : two;
          expect(answer).toMatchObject({
            name: 'web-1',
            client: sees[family],
            peer: node[family],
            peerPort: port,
          });
        }
    await gone();
  });

  it('with externalTrafficPolicy Local the client’s address is kept, and a node without a backend is silent', async () => {
    await publish(on(1, 2), { externalTrafficPolicy: 'Local' });
    for (const { address, port, protocol } of places)
      expect(await client.askMany(10, { address, port, protocol })).toEqual({ 'web-1': 10 });
    for (const node of datapath.nodes)
      for (const [family, nodePort, protocol] of nodePorts) {
        const { answer } = await client.ask({ address: node[family], port: nodePort, protocol });
        expect(answer).toMatchObject({ name: `web-${node.name.slice(-1)}`, client: outside[family] });
      }
    await publish(on(2), { externalTrafficPolicy: 'Local' });
    for (const [family, port, protocol] of nodePorts) {
      const silent = { address: one[family], port, protocol, connected: true, timeoutMs: 500 } as const;
      expect((await client.ask(silent)).error).toBe('ETIMEDOUT');
      expect((await client.ask({ address: two[family], port, protocol })).answer?.name).toBe('web-2');
    }
    await gone();
  });

  it('a client with session affinity comes back to its backend from every port', async () => {
    await publish(on(1, 2), { sessionAffinity: 'ClientIP' });
    for (const { address, port, protocol } of places)
      expect(Object.values(await client.askMany(15, { address, port, protocol }))).toEqual([15]);
    await gone();
  });

  it('by Maglev a client’s port finds the same backend through every node', async () => {
    await publish(on(1, 2), {}, { 'service.cilium.io/lb-algorithm': 'maglev' });
    for (const [family, port, protocol] of nodePorts) {
      const through = async (node: DatapathNode): Promise<(string | undefined)[]> => {
        const found: (string | undefined)[] = [];
        for (let localPort = 20_000; localPort < 20_025; localPort += 1)
          found.push((await client.ask({ address: node[family], port, protocol, localPort })).answer?.name);
        return found;
      };
      const first = await through(one);
      expect(new Set(first)).toEqual(new Set(['web-1', 'web-2']));
      expect(await through(two)).toEqual(first);
    }
    await gone();
  });

  it('the last endpoint gone: refused at once; connections that are there live on', async () => {
    await publish(on(1));
    const open = await client.open({ address: vip, port: 80 });
    expect((await open.ask()).answer?.name).toBe('web-1');
    await publish([]);
    for (const address of [vip, vip6]) {
      expect((await client.ask({ address, port: 80 })).error).toBe('ECONNREFUSED');
      expect((await client.ask({ address, port: 53, protocol: 'udp', connected: true })).error).toBe(
        'ECONNREFUSED',
      );
    }
    expect((await open.ask()).answer?.name).toBe('web-1');
    await open.close();
    await gone();
  });

  it('a direct connection with the addresses of an older one through the Service is answered by the pod itself', async () => {
    await publish(on(1));
    const [pod] = pods;
    const direct = { address: pod?.address ?? '', port: 8080, localPort: 21_000 };
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await client.ask({ address: vip, port: 80, localPort: 21_000 })).answer?.peer).toBe(vip);
      expect((await client.ask(direct)).answer).toMatchObject({ name: 'web-1', peer: pod?.address });
    }
    const datagram = { protocol: 'udp', localPort: 21_001 } as const;
    for (let turn = 0; turn < 3; turn += 1) {
      expect((await client.ask({ ...datagram, address: vip, port: 53 })).answer?.peer).toBe(vip);
      expect((await client.ask({ ...datagram, address: pod?.address ?? '', port: 5353 })).answer?.peer).toBe(
        pod?.address,
      );
    }
    await gone();
  });

  it('two connections from one port of a client to one backend, by two of its places, are both answered', async () => {
    for (const [number, sees] of [
      [1, outside],
      [2, one],
    ] as const) {
      await publish(on(number));
      for (const [address, family] of [
        [vip, 'address'],
        [vip6, 'address6'],
      ] as const) {
        const localPort = 22_000 + number;
        const first = await client.open({ address, port: 80, localPort });
        expect((await first.ask()).answer).toMatchObject({ name: `web-${number}`, peer: address });
        const second = await client.ask({ address: one[family], port: 30_080, localPort });
        const place = { peer: one[family], peerPort: 30_080, client: sees[family] };
        expect(second.answer, second.error).toMatchObject({ name: `web-${number}`, ...place });
        expect(second.answer?.clientPort).not.toBe(localPort);
        expect((await first.ask()).answer).toMatchObject({ name: `web-${number}`, peer: address });
        await first.close();
      }
    }
    await gone();
  });

  it('agents killed and started again under a stream of new connections: none fails', async () => {
    await publish(on(1, 2));
    const stream = await client.stream({ address: vip, port: 80 });
    const grown = async () => {
      const { answered } = await stream.streamed();
      await until(async () => (await stream.streamed()).answered > answered + 50, {
        message: 'more answers',
      });
    };
    await grown();
    for (const node of datapath.nodes) await node.stopAgent('SIGKILL');
    await grown();
    for (const node of datapath.nodes) await node.startAgent();
    await grown();
    await publish(on(1));
    await grown();
    const { errors, servers } = await stream.stop();
    expect(errors).toEqual({});
    expect(Object.keys(servers).sort()).toEqual(['web-1', 'web-2']);
    await gone();
  });
});
