// The ways from a client to a server that are compared: each by a node of its own, so that none pays for another. The client is always the
// same machine, and the wire is the same: client – switch – node – pod.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasTool, startEnvoy, type TempDir, tempDir } from '@sluice/testkit';
import { type Machine, type Pod, startNodeNetwork, type TestNode } from '@sluice/testkit/network';
import { put, putNode, putService } from '../map-world.ts';
import { startTestKernel } from '../test-kernel.ts';
import { type Client, type Served, serve } from './load.ts';
import { putServices, serviceAddress } from './many-services.ts';

export interface Way {
  readonly name: string;
  /** Where the client runs: always the same machine, but its sockets have programs on this way alone. */
  readonly client: Client;
  readonly address: string;
  readonly port: number;
  /** Processes beside the client whose CPU counts: the server, and what stands between. */
  readonly pids: readonly number[];
}

export interface Ways extends AsyncDisposable {
  readonly ways: readonly Way[];
  /** Ways that are left out, and why. */
  readonly missing: readonly string[];
}

interface Place {
  readonly node: TestNode;
  readonly pod: Pod;
  readonly server: Served;
  /** Service address that the client sends to this node. */
  readonly vip: string;
}

interface Crowded extends Place {
  readonly services: number;
}

const serverPort = 8080;
const count = (services: number): string => `${services.toLocaleString('en')} Services`;
/** Builds all of it, with so many Services beside the one that is measured. Needs root. */
export async function startWays(program: string, services: number): Promise<Ways> {
  const stack = new AsyncDisposableStack();
  try {
    const network = stack.use(await startNodeNetwork({ nodes: 6 }));
    const directory = stack.use(tempDir());
    const places: Place[] = [];
    for (const [index, node] of network.nodes.entries()) {
      const pod = await node.addPod(`server-${index + 1}`);
      const server = await serve(pod, program, serverPort);
      stack.defer(server.stop);
      const vip = `203.0.113.${index + 1}`;
      network.outside.namespace.ip([`route add ${vip}/32 via ${node.address}`]);
      places.push({ node, pod, server, vip });
    }
    const [plain, tcx, short, few, many, envoy] = places;
    if (!plain || !tcx || !short || !few || !many || !envoy) throw new Error('six nodes were asked for');
    const missing: string[] = [];
    const client = network.outside;
    const ways: WithoutClient[] = [
      direct(plain),
      await socketLb(stack, { ...plain, services }, client),
      await tcxWay(stack, { ...tcx, services }),
      await tcxWay(stack, { ...short, services }, 'straight into the pod'),
    ];
    if (spawnSync('nft', ['--version']).status === 0)
      for (const [place, all] of [
        [few, 2],
        [many, services],
      ] as const)
        ways.push(nftables(directory, place, all));
    else missing.push('nftables DNAT: nft is not there (on Debian: apt-get install nftables)');
    if (hasTool('envoy')) ways.push(await envoyTcp(stack, envoy));
    else missing.push('Envoy TCP: no envoy in the toolchain');
    return {
      ways: ways.map((way) => ({ client, ...way })),
      missing,
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

type WithoutClient = Omit<Way, 'client'> & Partial<Pick<Way, 'client'>>;

const direct = ({ pod, server }: Place): WithoutClient => ({
  ...{ name: 'direct', address: pod.address, port: serverPort, pids: [server.pid] },
});

/** The programs of sockets, on a cgroup of the client's that no other way has. */
async function socketLb(stack: AsyncDisposableStack, place: Crowded, machine: Machine): Promise<Way> {
  const cgroup = join(machine.cgroup, 'socket-lb');
  mkdirSync(cgroup);
  const client: Client = {
    inside: (command, args = []) =>
      machine.inside('sh', ['-c', 'echo 0 >"$0/cgroup.procs" && exec "$@"', cgroup, command, ...args]),
  };
  const running = startTestKernel();
  stack.defer(running.stop);
  const { kernel } = running;
  await kernel.load();
  await putNode(kernel);
  await putServices(kernel, place.services, () => ({ address: place.pod.address, port: serverPort }));
  await kernel.attach({ kind: 'cgroup', path: cgroup });
  stack.defer(() => kernel.detach({ kind: 'cgroup', path: cgroup }));
  const address = serviceAddress(place.services >>> 1);
  const name = `socket LB, ${count(place.services)}`;
  return { name, client, address, port: 80, pids: [place.server.pid] };
}

/** The programs of packets, at the node's uplink; from there through the node's stack, or past it into the pod's network namespace. */
async function tcxWay(
  stack: AsyncDisposableStack,
  { node, pod, server, vip, services }: Crowded,
  straight = '',
): Promise<WithoutClient> {
  const running = startTestKernel();
  stack.defer(running.stop);
  const kernel = running.another({ enter: node.namespace.enter, pinDirectory: '/sys/fs/bpf/bench' });
  stack.defer(() => kernel.close());
  await kernel.load();
  await putNode(kernel, { hasPeers: straight === '' ? 0 : 1 });
  await putServices(kernel, services, () => ({ address: pod.address, port: serverPort }));
  await putService(kernel, { at: `tcp ${vip}:80`, set: 7n, backends: [`${pod.address}:${serverPort}`] });
  const peer = Number(node.namespace.run('cat', '/sys/class/net/pod2/ifindex'));
  await put(kernel, 'lb_peers', { key: peer, value: 1 });
  for (const direction of ['ingress', 'egress'] as const)
    await kernel.attach({ kind: 'interface', name: 'eth0', direction, program: `lb_${direction}` });
  const name = ['tcx', ...(straight === '' ? [] : [straight]), count(services)].join(', ');
  return { name, address: vip, port: 80, pids: [server.pid] };
}

/** kube-proxy's way: a verdict map from address and port to a chain for each Service, which goes on to a chain for each endpoint. */
function nftables(directory: TempDir, { node, pod, server, vip }: Place, services: number): WithoutClient {
  const others = Array.from({ length: services - 1 }, (_, index) => serviceAddress(index));
  const addresses = [...others, vip];
  const chains = addresses.flatMap((_, index) => [
    `chain endpoint-${index} { meta l4proto tcp dnat to ${pod.address}:${serverPort} ; }`,
    `chain service-${index} { numgen random mod 1 vmap { 0 : goto endpoint-${index} } ; }`,
  ]);
  const elements = addresses.map((address, index) => `${address} . tcp . 80 : goto service-${index}`);
  const file = directory.file(`nft-${services}`);
  writeFileSync(
    file,
    [
      'table ip bench {',
      ...chains,
      'map services { type ipv4_addr . inet_proto . inet_service : verdict ;',
      `elements = { ${elements.join(', ')} } }`,
      'chain entry { type nat hook prerouting priority dstnat ;',
      'ip daddr . meta l4proto . th dport vmap @services ; }',
      '}',
    ].join('\n'),
  );
  node.namespace.run('nft', '-f', file);
  const name = `nftables DNAT, ${count(services)}`;
  return { name, address: vip, port: 80, pids: [server.pid] };
}

/** A TCP proxy on the node. */
async function envoyTcp(stack: AsyncDisposableStack, { node, pod, server }: Place): Promise<WithoutClient> {
  const socket = (address: string, port: number) => ({ socket_address: { address, port_value: port } });
  const proxy = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
    ...{ stat_prefix: 'bench', cluster: 'server' },
  };
  const envoy = await startEnvoy({
    within: node.namespace.enter,
    bootstrap: {
      static_resources: {
        listeners: [
          {
            name: 'bench',
            address: socket(node.address, 80),
            filter_chains: [{ filters: [{ name: 'tcp_proxy', typed_config: proxy }] }],
          },
        ],
        clusters: [
          {
            name: 'server',
            connect_timeout: '1s',
            load_assignment: {
              cluster_name: 'server',
              endpoints: [{ lb_endpoints: [{ endpoint: { address: socket(pod.address, serverPort) } }] }],
            },
          },
        ],
      },
    },
  });
  stack.use(envoy);
  const pid = envoy.process.pid;
  return { name: 'Envoy TCP proxy', address: node.address, port: 80, pids: [server.pid, pid] };
}
