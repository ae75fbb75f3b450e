// From the IR to connections: the agent, the kernel and pods are real, the log is in memory.
import { describeIf, until } from '@sluice/testkit';
import type { Peer, Pod } from '@sluice/testkit/network';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endpoints, service } from '../testing/ir.ts';
import { missingForNode, Rig } from '../testing/rig.ts';

const vip = '10.96.0.1';

describeIf(missingForNode())('Services of a node', () => {
  let rig: Rig;
  let client: Peer;
  let pods: readonly (Pod & { readonly peer: Peer })[];

  beforeEach(async () => {
    rig = await Rig.start();
    pods = await Promise.all(['one', 'two'].map((name) => podWithServer(rig, name)));
    client = await (await rig.node.addPod('client')).startPeer();
  });
  afterEach(async () => {
    await rig?.[Symbol.asyncDispose]();
    expect(rig?.failures).toEqual([]);
  });

  const addresses = () => pods.map(({ address }) => address);
  const counted = async (times: number, options: Parameters<Peer['ask']>[0] = { address: vip, port: 80 }) =>
    Object.keys(await client.askMany(times, options)).sort();

  test('a cluster address reaches each endpoint and is what the client speaks to; one that goes keeps its connections', async () => {
    rig.startAgent();
    await rig.apply([service('web', [{ address: vip }]), endpoints('web', addresses())]);
    expect(await counted(40)).toEqual(['one', 'two']);
    await until(async () => (await rig.told())?.acked?.seq === 1, { message: 'the acknowledgement' });
    expect(await rig.told()).toMatchObject({ node: 'node-1', state: 'running', fault: '' });
    const described = await rig.described();
    expect(described).toMatchObject({ missingCapabilities: [], object: { outcome: 'fresh' } });
    expect(described?.hooks.find(({ hook }) => hook === 'cgroup_connect')).toEqual({
      hook: 'cgroup_connect',
      reason: '',
    });
    expect(described?.cgroups).toEqual([rig.node.cgroup]);
    expect(described?.object?.verifiedInstructions).toBeGreaterThan(0);
    const open = await client.open({ address: vip, port: 80 });
    const { answer } = await open.ask();
    expect(answer).toMatchObject({ peer: vip, peerPort: 80 });
    const rest = pods.filter(({ name }) => name !== answer?.name);
    await rig.apply([
      endpoints(
        'web',
        rest.map(({ address }) => address),
      ),
    ]);
    expect(await counted(20)).toEqual(rest.map(({ name }) => name));
    expect((await open.ask()).answer?.name).toBe(answer?.name);
    await rig.apply([], [endpoints('web', [])]);
    expect(await counted(3)).toEqual(['ECONNREFUSED']);
    expect((await open.ask()).answer?.name).toBe(answer?.name);
    await rig.apply([endpoints('web', addresses())]);
    expect(await counted(40)).toEqual(['one', 'two']);
    await rig.apply([], [service('web', [])]);
    // Nobody's address is left to itself: nothing answers there.
    expect((await client.ask({ address: vip, port: 80, timeoutMs: 300 })).answer).toBeUndefined();
  });

  test('both families, UDP, node ports, policies and affinity', async () => {
    rig.startAgent();
    const [one, two] = pods;
    const both = [
      { address: one?.address ?? '', node: 'node-1' },
      { address: two?.address ?? '', node: 'node-2' },
      { address: one?.address6 ?? '', node: 'node-1' },
    ];
    await rig.apply([
      service('web', [
        { address: vip },
        { address: 'fd96::1' },
        { address: vip, protocol: 'UDP' },
        { address: '0.0.0.0', port: 30_080, type: 'node-port' },
        { address: '::', port: 30_080, type: 'node-port' },
        { address: '203.0.113.7', type: 'load-balancer' },
      ]),
      endpoints('web', both),
      service('local', [{ address: '10.96.0.2' }], { internalPolicy: 'local' }),
      endpoints('local', both),
      service('sticky', [{ address: '10.96.0.3' }], { affinityTimeoutS: 60 }),
      endpoints('sticky', both),
    ]);
    expect(await counted(10, { address: 'fd96::1', port: 80 })).toEqual(['one']);
    expect(await counted(30, { address: vip, port: 80, mapped: true })).toEqual(['one', 'two']);
    expect(await counted(10, { address: vip, port: 80, protocol: 'udp', connected: true })).not.toHaveLength(
      0,
    );
    expect(await counted(30, { address: '203.0.113.7', port: 80 })).toEqual(['one', 'two']);
    expect(await counted(30, { address: rig.node.address, port: 30_080 })).toEqual(['one', 'two']);
    expect(await counted(10, { address: rig.node.address6, port: 30_080 })).toEqual(['one']);
    expect(await counted(20, { address: '10.96.0.2', port: 80 })).toEqual(['one']);
    expect(await counted(20, { address: '10.96.0.3', port: 80 })).toHaveLength(1);
  });

  test('a stream of connections goes on while the kernel process and the agent are killed, and the next agent writes only what differs', async () => {
    const { kernel } = rig.startAgent();
    await rig.apply([service('web', [{ address: vip }]), endpoints('web', addresses())]);
    const stream = await client.stream({ address: vip, port: 80 });
    const grown = async (): Promise<void> => {
      const { answered } = await stream.streamed();
      await until(async () => (await stream.streamed()).answered > answered + 50, {
        message: 'more answers',
      });
    };
    await grown();
    if (kernel.pid === undefined) expect.fail('no kernel process');
    process.kill(kernel.pid, 'SIGKILL');
    await grown();
    await rig.apply([endpoints('web', addresses().slice(0, 1))]);
    await rig.stopAgent();
    await grown();
    rig.startAgent();
    await rig.apply([service('other', [{ address: '10.96.0.9' }])]);
    const written = await rig.figures('sluice_datapath_written_rows_total');
    expect(written).toMatchObject({
      'put-slots': 0,
      'put-frontends': 2,
      'remove-frontends': 0,
      'remove-slots': 0,
    });
    await grown();
    const { errors } = await stream.stop();
    expect(errors).toEqual({});
  });
});

describeIf(missingForNode())('a map that is full', () => {
  test('leaves out the Service for which there is no room, tells so, and takes it in once there is some', async () => {
    await using rig = await Rig.start({ sizes: { lb_slots: 4 } });
    const pod = await podWithServer(rig, 'one');
    const client = await (await rig.node.addPod('client')).startPeer();
    rig.startAgent();
    const web = [service('web', [{ address: vip }]), endpoints('web', [pod.address])];
    await rig.apply(web);
    const [large, small] = ['large', 'small'].map((name, index) =>
      service(name, [{ address: `10.96.0.${index + 2}` }]),
    );
    if (large === undefined || small === undefined) expect.fail('two Services');
    const many = endpoints('large', ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
    await rig.apply([large, many]);
    const seq = await rig.commit([small, endpoints('small', [pod.address])]);
    const leftOut = { maps: ['lb_slots'], count: 1, services: ['default/large'] };
    await until(async () => (await rig.told())?.acked?.seq === seq, { message: 'the acknowledgement' });
    expect(await rig.told()).toMatchObject({ fault: '', leftOut });
    expect(rig.health.readiness()).toMatchObject({ failing: [], degraded: ['maps'] });
    expect(Object.values(await rig.figures('sluice_datapath_left_out_services'))).toEqual([1]);
    expect(Object.values(await rig.figures('sluice_datapath_resyncs_total'))).toEqual([1]);
    expect((await rig.figures('sluice_datapath_faults_total'))['map-full']).toBe(0);
    for (const address of [vip, '10.96.0.3'])
      expect((await client.ask({ address, port: 80 })).answer?.name).toBe('one');
    await rig.apply([], web);
    const after = await rig.commit([], [small, endpoints('small', [pod.address])]);
    await until(async () => (await rig.told())?.acked?.seq === after, { message: 'the acknowledgement' });
    expect((await rig.told())?.leftOut).toBeUndefined();
    expect(rig.health.readiness().degraded).toEqual([]);
    await rig.stopAgent();
    expect(await rig.told()).toMatchObject({ state: 'stopped', acked: { epoch: 1, seq: after } });
    expect(rig.failures).toEqual([]);
  });

  test('and smaller than the agent was told, is told as a fault until there is room', async () => {
    await using rig = await Rig.start({ sizes: { lb_slots: 2 } }, { lb_slots: 100 });
    rig.startAgent();
    const large = [
      service('large', [{ address: vip }]),
      endpoints('large', ['10.0.0.1', '10.0.0.2', '10.0.0.3']),
    ];
    const seq = await rig.commit(large);
    await until(async () => (await rig.told())?.fault.startsWith('map lb_slots is full') === true, {
      message: 'the fault on the log',
    });
    expect((await rig.told())?.acked).toBeNull();
    expect((await rig.figures('sluice_datapath_faults_total'))['map-full']).toBeGreaterThan(0);
    await rig.apply([], large);
    expect(await rig.told()).toMatchObject({ fault: '', acked: { epoch: 1, seq: seq + 1 } });
    expect(rig.failures).toEqual([]);
  });
});

const withoutRights = ['setpriv', '--bounding-set=-bpf,-perfmon,-sys_admin', '--inh-caps=-all'];

describeIf(missingForNode())('an agent without the rights that it needs', () => {
  test('says which, and writes as soon as it has them', async () => {
    await using rig = await Rig.start();
    await rig.commit([service('web', [{ address: vip }]), endpoints('web', ['10.0.0.1'])]);
    rig.startAgent({ enter: withoutRights });
    const fault = 'the agent has not CAP_PERFMON, CAP_BPF, which it needs to load and attach programs';
    await until(async () => (await rig.told())?.fault === fault, { message: 'the fault on the log' });
    expect((await rig.told())?.acked).toBeNull();
    const described = await rig.described();
    expect(described).toMatchObject({ missingCapabilities: ['CAP_PERFMON', 'CAP_BPF'], object: null });
    expect(described?.hooks.find(({ hook }) => hook === 'cgroup_connect')?.reason).toContain('EPERM');
    await rig.stopAgent();
    rig.startAgent();
    await until(async () => (await rig.told())?.acked?.seq === 1, { message: 'the acknowledgement' });
    expect(await rig.described()).toMatchObject({ missingCapabilities: [], object: { outcome: 'fresh' } });
    expect(rig.failures).toEqual([]);
  });
});

async function podWithServer(rig: Rig, name: string): Promise<Pod & { readonly peer: Peer }> {
  const pod = await rig.node.addPod(name);
  const peer = await pod.startPeer();
  await peer.listen(8080);
  await peer.listen(8080, { protocol: 'udp' });
  return { ...pod, peer };
}
