// Packets from outside that go straight into a pod, past the node's own stack (SLUICE_POD_INTERFACES): the same answers and addresses,
// and nothing sent through the node's end of the pod's link.
import { describeIf } from '@sluice/testkit';
import { expect, it } from 'vitest';
import { datapathUnavailable, startDatapath } from '../../harness/datapath.ts';
import { serviceWith } from './services.ts';

const vip = '203.0.113.1';
const vip6 = '2001:db8:113::1';

describeIf(datapathUnavailable())('packets straight into pods', () => {
  it('reach them with the client’s address, whatever their size; what does not know its way yet goes the usual one', async () => {
    await using datapath = await startDatapath({ nodes: 1, env: { SLUICE_POD_INTERFACES: 'pod*' } });
    const [node] = datapath.nodes;
    if (node === undefined) throw new Error('a node was asked for');
    const pod = await node.addPod('web');
    const server = await pod.startPeer();
    await server.listen(8080);
    await server.listen(5353, { protocol: 'udp' });
    // The next agent sees the pod's link at its start.
    await node.stopAgent();
    await node.startAgent();
    const endpoints = [pod.address, pod.address6].map((address) => ({ address, node: node.name }));
    const ports = [
      { port: 80, targetPort: 8080 },
      { port: 53, targetPort: 5353, protocol: 'UDP' },
    ] as const;
    const spec = {
      externalIPs: [vip, vip6],
      ipFamilyPolicy: 'RequireDualStack',
      ipFamilies: ['IPv4', 'IPv6'],
    };
    await datapath.apply({ 'web.yaml': serviceWith('web', ports, { endpoints, spec }) });
    const { outside } = datapath.network;
    const client = await outside.startPeer();
    const ask = async (sizeBytes: number) => {
      for (const [address, family] of [
        [vip, 'address'],
        [vip6, 'address6'],
      ] as const)
        for (const [port, protocol] of [
          [80, 'tcp'],
          [53, 'udp'],
        ] as const) {
          const { answer, error } = await client.ask({ address, port, protocol, sizeBytes });
          expect(error, `${protocol} ${address}`).toBeUndefined();
          expect(answer).toMatchObject({
            name: 'web',
            client: outside[family],
            peer: address,
            peerPort: port,
          });
        }
    };
    const sent = () => Number(node.namespace.run('cat', '/sys/class/net/pod2/statistics/tx_packets'));
    // The first packets make the node ask for the pod's hardware address.
    await ask(10);
    const before = sent();
    for (let turn = 0; turn < 20; turn += 1) await ask(500);
    await client.ask({ address: vip, port: 80, sizeBytes: 300_000 });
    // Above all neighbour solicitations: 20 turns are some 240 packets, and the large question some hundreds.
    expect(sent() - before).toBeLessThan(20);
    await ask(6_000);
  });
});
