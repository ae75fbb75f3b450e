import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeIf } from '../describe-if.ts';
import { networkUnavailable } from './available.ts';
import { type NodeNetwork, startNodeNetwork } from './topology.ts';

describeIf(networkUnavailable())('a network of two nodes', () => {
  let network: NodeNetwork;
  beforeAll(async () => {
    network = await startNodeNetwork({ nodes: 2 });
  });
  afterAll(() => network?.[Symbol.asyncDispose]());

  it('lets pods of both nodes and the outside reach each other, with their own addresses, by TCP and UDP and both families', async () => {
    const [one, two] = network.nodes;
    if (one === undefined || two === undefined) throw new Error('two nodes were asked for');
    const server = await one.addPod('server');
    const serving = await server.startPeer();
    await serving.listen(80);
    await serving.listen(80, { protocol: 'udp' });
    const client = await two.addPod('client');
    for (const machine of [client, network.outside, one]) {
      const peer = await machine.startPeer();
      for (const protocol of ['tcp', 'udp'] as const)
        for (const family of ['address', 'address6'] as const) {
          const { answer, error } = await peer.ask({
            protocol,
            address: server[family],
            port: 80,
            sizeBytes: 4_000,
          });
          expect(error).toBeUndefined();
          expect(answer).toMatchObject({ name: 'server', peer: server[family], peerPort: 80 });
          if (machine !== one) expect(answer?.client).toBe(machine[family]);
        }
      await expect(peer.ask({ address: server.address, port: 81 })).resolves.toEqual({
        error: 'ECONNREFUSED',
      });
    }
  });

  it('gives a node a /sys of its own network, its cgroup as the root, and an empty bpffs', () => {
    const [one] = network.nodes;
    expect(one?.namespace.run('ls', '/sys/class/net')).toContain('eth0');
    expect(one?.namespace.run('cat', '/proc/self/cgroup')).toContain('0::/\n');
    const pins = one?.namespace.run('ls', '/sys/fs/bpf').trim().split('\n');
    expect(pins?.filter((name) => !name.endsWith('.debug'))).toEqual([]);
    expect(one?.namespace.run('cat', '/proc/mounts')).toContain('bpf /sys/fs/bpf bpf');
  });

  it('leaves nothing behind', async () => {
    const other = await startNodeNetwork();
    const { cgroup } = other.outside;
    expect(existsSync(cgroup)).toBe(true);
    await other[Symbol.asyncDispose]();
    expect(existsSync(cgroup)).toBe(false);
  });
});
