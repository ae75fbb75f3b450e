// What happens to a Service's connections from outside while the world around it changes, over two nodes with an agent each: its algorithm,
// the states of its endpoints (KEP-1669), who has an endpoint's address, and how large a packet may be on the way (RFC 1191, RFC 8201).
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
/** Nobody listens there. */
const closed = { port: 54, targetPort: 5454, protocol: 'UDP' } as const;
const spec = {
  ...{ type: 'NodePort', externalIPs: [vip, vip6] },
  ...{ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv4', 'IPv6'] },
};

describeIf(datapathUnavailable())('a Service while the world changes', () => {
  let datapath: Datapath;
  let outside: Machine;
  let client: Peer;
  /** Clients on a node. */
  let inside: Peer;
  const servers: { readonly node: DatapathNode; readonly pod: Pod }[] = [];

  async function addServer(node: DatapathNode, name: string): Promise<Pod> {
    const pod = await node.addPod(name);
    const peer = await pod.startPeer();
    await peer.listen(8080);
    await peer.listen(5353, { protocol: 'udp' });
    return pod;
  }

  beforeAll(async () => {
    datapath = await startDatapath({ nodes: 2 });
    for (const [index, node] of datapath.nodes.entries())
      servers.push({ node, pod: await addServer(node, `web-${index + 1}`) });
    outside = datapath.network.outside;
    client = await outside.startPeer();
    const [first] = datapath.nodes;
    if (first === undefined) throw new Error('two nodes were asked for');
    inside = await (await first.addPod('client')).startPeer();
  });
  afterAll(() => datapath?.[Symbol.asyncDispose]());

  const server = (number: number) => {
    const found = servers[number - 1];
    if (found === undefined) throw new Error(`no server ${number}`);
    return found;
  };
  const on = (number: number, conditions: EndpointSetup['conditions'] = { ready: true }): EndpointSetup[] => {
    const { node, pod } = server(number);
    return [pod.address, pod.address6].map((address) => ({ address, node: node.name, conditions }));
  };
  const publish = (endpoints: readonly EndpointSetup[], annotations: object = {}) =>
    datapath.apply({ 'web.yaml': serviceWith('web', [...ports, closed], { endpoints, spec, annotations }) });

  const gone = () => datapath.apply({ 'web.yaml': null });

  it('its algorithm changes, again and again, and no connection is lost or refused', async () => {
    await publish([...on(1), ...on(2)]);
    const open = await Promise.all(
      [vip, vip6].flatMap((address) => Array.from({ length: 4 }, () => client.open({ address, port: 80 }))),
    );
    const names = await Promise.all(open.map((connection) => connection.ask()));
    const stream = await client.stream({ address: vip, port: 80 });
    for (const algorithm of ['maglev', 'random', 'maglev', 'random']) {
      await publish([...on(1), ...on(2)], { 'service.cilium.io/lb-algorithm': algorithm });
      const { answered } = await stream.streamed();
      await until(async () => (await stream.streamed()).answered > answered + 20, {
        message: `answers by ${algorithm}`,
      });
      for (const [index, connection] of open.entries()) {
        const { answer, error } = await connection.ask();
        expect(error, algorithm).toBeUndefined();
        expect(answer?.name, algorithm).toBe(names[index]?.answer?.name);
      }
    }
    const { errors, servers: seen } = await stream.stop();
    expect(errors).toEqual({});
    expect(Object.keys(seen).sort()).toEqual(['web-1', 'web-2']);
    for (const connection of open) await connection.close();
    await gone();
  });

  it('an endpoint that terminates and still serves stands in where none is ready, and only there', async () => {
    const leaving = { ready: false, serving: true, terminating: true };
    const broken = { ready: false, serving: false };
    const everyWay = async (expected: object) => {
      for (const address of [vip, vip6])
        for (const peer of [client, inside]) {
          expect(await peer.askMany(8, { address, port: 80 })).toEqual(expected);
          expect(await peer.askMany(8, { address, port: 53, protocol: 'udp', connected: true })).toEqual(
            expected,
          );
        }
    };
    await publish([...on(1, leaving), ...on(2)]);
    await everyWay({ 'web-2': 8 });
    await publish([...on(1, leaving), ...on(2, broken)]);
    await everyWay({ 'web-1': 8 });
    await publish([...on(1, broken), ...on(2, broken)]);
    await everyWay({ ECONNREFUSED: 8 });
    await publish([...on(1), ...on(2, leaving)]);
    await everyWay({ 'web-1': 8 });
    await gone();
  });

  it('a packet that is too large for a link on the way is told to the client as one to the Service', async () => {
    await publish(on(1));
    const { node, pod } = server(1);
    const link = node.namespace.run('ip', '-o', 'route', 'get', pod.address).match(/ dev (\S+)/)?.[1] ?? '';
    node.namespace.ip([`link set ${link} mtu 1300`]);
    for (const address of [vip, vip6]) {
      const { answer, error } = await client.ask({
        address,
        port: 80,
        sizeBytes: 300_000,
        timeoutMs: 60_000,
      });
      expect(error, address).toBeUndefined();
      expect(answer?.name).toBe('web-1');
      expect(outside.namespace.run('ip', 'route', 'get', address)).toContain('mtu 1300');
    }
    node.namespace.ip([`link set ${link} mtu 1500`]);
    await gone();
  });

  it('a packet that has gone too far is told to the client as one to the Service, by whichever node it ends at', async () => {
    for (const [number, hops] of [
      [1, 1],
      [2, 2],
    ] as const) {
      await publish(on(number));
      const [first] = datapath.nodes;
      for (const [address, via] of [
        [vip, first?.address],
        [vip6, first?.address6],
      ] as const) {
        const route = (more: string) => outside.namespace.ip([`route replace ${address} via ${via} ${more}`]);
        route(`hoplimit ${hops + 1}`);
        expect((await client.ask({ address, port: 80 })).answer?.name).toBe(`web-${number}`);
        // A client that is told nothing would send again and again, until its time is over.
        route(`hoplimit ${hops}`);
        const { error } = await client.ask({ address, port: 80, timeoutMs: 60_000 });
        expect(error, `${number} ${address}`).toBe('EHOSTUNREACH');
        outside.namespace.ip([`route delete ${address} via ${via}`]);
      }
    }
    await gone();
  });

  it('an error that a pod sends is told to the client as one of the Service, whichever node the pod is on', async () => {
    const datagram = { port: closed.port, protocol: 'udp', connected: true, timeoutMs: 20_000 } as const;
    for (const number of [1, 2]) {
      await publish(on(number));
      for (const address of [vip, vip6])
        expect((await client.ask({ ...datagram, address })).error, `${number} ${address}`).toBe(
          'ECONNREFUSED',
        );
    }
    await gone();
  });

  it('another pod takes the address of one: old connections are reset, not left hanging, and new ones reach it', async () => {
    await publish(on(2));
    const { node, pod } = server(2);
    const open = await Promise.all([vip, vip6].map((address) => client.open({ address, port: 80 })));
    for (const connection of open) expect((await connection.ask()).answer?.name).toBe('web-2');
    const heir = await addServer(node, 'heir');
    const link = node.namespace.run('ip', '-o', 'route', 'get', heir.address).match(/ dev (\S+)/)?.[1] ?? '';
    await pod.remove();
    heir.namespace.ip([`address add ${pod.address}/32 dev eth0`, `address add ${pod.address6}/128 dev eth0`]);
    node.namespace.ip([
      `route replace ${pod.address}/32 dev ${link}`,
      `route replace ${pod.address6}/128 dev ${link}`,
    ]);
    for (const connection of open) expect((await connection.ask(20_000)).error).toBe('ECONNRESET');
    for (const address of [vip, vip6])
      expect(await client.askMany(5, { address, port: 80, timeoutMs: 20_000 })).toEqual({ heir: 5 });
  });
});
