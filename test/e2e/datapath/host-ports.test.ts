// Host ports of Pods, over two nodes with an agent each: who answers at which node's addresses, whom the server sees, and what becomes of
// them when the Pod goes. Pod, core/v1: hostPort, hostIP.
import { describeIf } from '@sluice/testkit';
import type { Machine, Peer, Pod } from '@sluice/testkit/network';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Datapath,
  type DatapathNode,
  datapathUnavailable,
  startDatapath,
} from '../../harness/datapath.ts';
import { serviceWith } from './services.ts';

const ports = [
  { containerPort: 8080, hostPort: 80 },
  { containerPort: 5353, hostPort: 53, protocol: 'UDP' },
] as const;
const asked = [
  { port: 80, protocol: 'tcp', connected: true },
  { port: 53, protocol: 'udp', connected: true },
  { port: 53, protocol: 'udp', connected: false },
] as const;
const families = ['address', 'address6'] as const;

describeIf(datapathUnavailable())('Host ports of Pods', () => {
  let datapath: Datapath;
  let one: DatapathNode;
  let two: DatapathNode;
  let outside: Machine;
  let web: Pod;
  let client: Peer;
  /** A client pod on each node. */
  const beside: (Pod & { readonly peer: Peer })[] = [];

  beforeAll(async () => {
    datapath = await startDatapath({ nodes: 2 });
    const [first, second] = datapath.nodes;
    if (first === undefined || second === undefined) throw new Error('two nodes were asked for');
    [one, two, outside] = [first, second, datapath.network.outside];
    web = await one.addPod('web');
    const peer = await web.startPeer();
    await peer.listen(8080);
    await peer.listen(5353, { protocol: 'udp' });
    client = await outside.startPeer();
    for (const [index, node] of datapath.nodes.entries()) {
      const pod = await node.addPod(`client-${index + 1}`);
      beside.push({ ...pod, peer: await pod.startPeer() });
    }
  });
  afterAll(() => datapath?.[Symbol.asyncDispose]());

  const podWith = (list: readonly object[]) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { nodeName: one.name, containers: [{ name: 'web', image: 'web', ports: list }] },
    // Not ready: a host port does not wait for that.
    status: {
      ...{ phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] },
      podIPs: [{ ip: web.address }, { ip: web.address6 }],
      hostIPs: [{ ip: one.address }, { ip: one.address6 }],
    },
  });
  const publish = (list: readonly object[] = ports) => datapath.apply({ 'pod.yaml': podWith(list) });
  const gone = () => datapath.apply({ 'pod.yaml': null });
  const at = (number: number): Pod & { readonly peer: Peer } => {
    const found = beside[number - 1];
    if (found === undefined) throw new Error(`no client pod ${number}`);
    return found;
  };

  it('lead to the Pod from outside and from pods of both nodes, which it sees by their own addresses', async () => {
    await publish();
    for (const { peer, sees } of [
      { peer: client, sees: outside },
      { peer: at(1).peer, sees: at(1) },
      { peer: at(2).peer, sees: at(2) },
    ])
      for (const family of families)
        for (const place of asked) {
          const { answer, error } = await peer.ask({ ...place, address: one[family] });
          const told = `${place.protocol} ${one[family]} from ${sees[family]}`;
          expect(error, told).toBeUndefined();
          expect(answer, told).toMatchObject({
            ...{ name: 'web', client: sees[family] },
            ...{ peer: one[family], peerPort: place.port },
          });
        }
    await gone();
  });

  it('are of that node alone', async () => {
    await publish();
    for (const peer of [client, at(1).peer, at(2).peer])
      for (const family of families)
        for (const { port, protocol } of asked)
          expect((await peer.ask({ address: two[family], port, protocol, connected: true })).error).toBe(
            'ECONNREFUSED',
          );
    await gone();
  });

  it('with a hostIP are at that address alone', async () => {
    await publish([{ ...ports[0], hostIP: one.address }]);
    for (const peer of [client, at(1).peer, at(2).peer]) {
      expect((await peer.ask({ address: one.address, port: 80 })).answer?.name).toBe('web');
      expect((await peer.ask({ address: one.address6, port: 80 })).error).toBe('ECONNREFUSED');
    }
    await gone();
  });

  it('the Pod gone: refused at once; connections that are there live on', async () => {
    await publish();
    const open = [];
    for (const [peer, family] of [
      [client, 'address'],
      [client, 'address6'],
      [at(1).peer, 'address'],
    ] as const)
      open.push(await peer.open({ address: one[family], port: 80 }));
    for (const connection of open) expect((await connection.ask()).answer?.name).toBe('web');
    await gone();
    for (const peer of [client, at(1).peer, at(2).peer])
      for (const family of families)
        for (const { port, protocol } of asked)
          expect((await peer.ask({ address: one[family], port, protocol, connected: true })).error).toBe(
            'ECONNREFUSED',
          );
    for (const connection of open) {
      expect((await connection.ask()).answer?.name).toBe('web');
      await connection.close();
    }
  });

  it('a Service whose node port it is goes first, and the Pod has it once that is gone', async () => {
    const other = await two.addPod('other');
    await (await other.startPeer()).listen(9090);
    const service = serviceWith('other', [{ port: 80, targetPort: 9090, nodePort: 30_080 }], {
      endpoints: [{ address: other.address, node: two.name }],
      spec: { type: 'NodePort', ipFamilies: ['IPv4'], externalIPs: ['203.0.113.1'] },
    });
    const pod = podWith([{ containerPort: 8080, hostPort: 30_080 }]);
    await datapath.apply({ 'pod.yaml': [pod, ...service] });
    for (const node of datapath.nodes)
      expect((await client.ask({ address: node.address, port: 30_080 })).answer?.name).toBe('other');
    await datapath.apply({ 'pod.yaml': pod });
    expect((await client.ask({ address: one.address, port: 30_080 })).answer?.name).toBe('web');
    expect((await client.ask({ address: two.address, port: 30_080 })).error).toBe('ECONNREFUSED');
    await gone();
  });
});
