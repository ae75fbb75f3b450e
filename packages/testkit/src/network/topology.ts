import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestCgroup, testCgroup } from './cgroup.ts';
import { holdNamespace, type Namespace } from './namespace.ts';
import { type Peer, startPeer } from './peer.ts';

/** A host of the test's network: a node, a pod or a machine outside. */
export interface Machine {
  readonly name: string;
  readonly address: string;
  readonly address6: string;
  /** Directory of cgroup2 that its processes run in. */
  readonly cgroup: string;
  readonly namespace: Namespace;
  /** What `launch` takes to run a program here. */
  inside(
    command: string,
    args?: readonly string[],
  ): { readonly command: string; readonly args: readonly string[] };
  /** Starts a client and server here, which answers with its name. */
  startPeer(name?: string): Promise<Peer>;
}

/** A pod: `remove` takes its namespace away, with what runs in it. */
export interface Pod extends Machine {
  remove(): Promise<void>;
}

/** A node: routes between its pods and the rest, nothing more. Its uplink is `eth0`; its cgroup holds those of its pods. */
export interface TestNode extends Machine {
  /** Addresses are given in turn: 10.244.<node>.<2, 3, …>. */
  addPod(name: string): Promise<Pod>;
}

/** Nodes and a machine outside of the cluster on one switch. Disposing it removes all of it. */
export interface NodeNetwork extends AsyncDisposable {
  readonly nodes: readonly TestNode[];
  /** Sends what it has for pods to their nodes, and what it has for Services' addresses to the first node. */
  readonly outside: Machine;
}

/** Addresses that only load balancers know: Services', and those given to type LoadBalancer. The machine outside routes them to node 1. */
export const serviceRanges = ['10.96.0.0/16', '203.0.113.0/24', 'fd96::/64', '2001:db8:113::/64'] as const;

const forwarding = {
  'net/ipv4/ip_forward': '1',
  'net/ipv6/conf/all/forwarding': '1',
  'net/ipv4/conf/all/rp_filter': '0',
  'net/ipv4/conf/default/rp_filter': '0',
};
/** Addresses are unique by construction, so none waits for its check (RFC 4862, section 5.4). */
const noDetection = { 'net/ipv6/conf/all/accept_dad': '0', 'net/ipv6/conf/default/accept_dad': '0' };
/** Next hop of every pod: the node's end of its veth pair. */
const gateway = '169.254.1.1';
const gateway6 = 'fe80::1';

const nodeAddress = (number: number) => `172.31.0.${number}`;
const nodeAddress6 = (number: number) => `fd31::${number}`;
const podAddress = (node: number, pod: number) => `10.244.${node}.${pod}`;
const podAddress6 = (node: number, pod: number) => `fd44:${node}::${pod}`;
const viaNode = (number: number, [to = '', to6 = '']: readonly string[]) => [
  `route add ${to} via ${nodeAddress(number)}`,
  `route add ${to6} via ${nodeAddress6(number)}`,
];
const podRanges = (node: number) => [`10.244.${node}.0/24`, `fd44:${node}::/64`];

/** Makes the network. @throws Error where the kernel refuses a part; nothing is left then */
export async function startNodeNetwork({ nodes: count = 1 } = {}): Promise<NodeNetwork> {
  const cgroup = await testCgroup();
  const stack = new AsyncDisposableStack();
  stack.defer(() => cgroup.remove());
  try {
    const lab = await startSwitch(cgroup);
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const nodes: TestNode[] = [];
    for (const number of numbers) nodes.push(await startNode(lab, number, numbers));
    const outside = await startOutside(lab, numbers);
    return { nodes, outside, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface Lab {
  readonly cgroup: TestCgroup;
  readonly bridge: Namespace;
}

async function startSwitch(cgroup: TestCgroup): Promise<Lab> {
  const bridge = await makeNamespace(cgroup.path, { name: 'switch', isNode: false });
  bridge.namespace.ip(['link add lan type bridge', 'link set lan up']);
  return { cgroup, bridge: bridge.namespace };
}

async function makeNamespace(parent: string, { name, isNode }: { name: string; isNode: boolean }) {
  const cgroup = join(parent, name);
  mkdirSync(cgroup);
  const namespace = await holdNamespace({ cgroup, isNode });
  namespace.sysctl(noDetection);
  namespace.ip(['link set lo up']);
  return { cgroup, namespace };
}

async function startNode(lab: Lab, number: number, all: readonly number[]): Promise<TestNode> {
  const name = `node-${number}`;
  const machine = await onSwitch(lab, { name, host: number, isNode: true });
  machine.namespace.sysctl(forwarding);
  machine.namespace.ip(
    all.filter((other) => other !== number).flatMap((other) => viaNode(other, podRanges(other))),
  );
  let last = 1;
  return {
    ...machine,
    addPod: (podName) => {
      last += 1;
      return startPod(machine, { name: podName, node: number, pod: last });
    },
  };
}

async function startOutside(lab: Lab, nodes: readonly number[]): Promise<Machine> {
  const machine = await onSwitch(lab, { name: 'outside', host: 100, isNode: false });
  const services = serviceRanges.map(
    (range) => `route add ${range} via ${range.includes(':') ? nodeAddress6(1) : nodeAddress(1)}`,
  );
  machine.namespace.ip([...nodes.flatMap((node) => viaNode(node, podRanges(node))), ...services]);
  return machine;
}

async function onSwitch(
  lab: Lab,
  { name, host, isNode }: { readonly name: string; readonly host: number; readonly isNode: boolean },
): Promise<Machine> {
  const { cgroup, namespace } = await makeNamespace(lab.cgroup.path, { name, isNode });
  lab.bridge.ip([
    `link add port${host} type veth peer name eth0 netns ${namespace.pid}`,
    `link set port${host} master lan`,
    `link set port${host} up`,
  ]);
  namespace.ip([
    `address add ${nodeAddress(host)}/24 dev eth0`,
    `address add ${nodeAddress6(host)}/64 dev eth0`,
    'link set eth0 up',
  ]);
  return asMachine({ name, address: nodeAddress(host), address6: nodeAddress6(host), cgroup, namespace });
}

async function startPod(
  node: Machine,
  { name, node: number, pod }: { readonly name: string; readonly node: number; readonly pod: number },
): Promise<Pod> {
  const { cgroup, namespace } = await makeNamespace(node.cgroup, { name, isNode: false });
  const [address, address6] = [podAddress(number, pod), podAddress6(number, pod)];
  const link = `pod${pod}`;
  node.namespace.ip([
    `link add ${link} type veth peer name eth0 netns ${namespace.pid}`,
    `address add ${gateway}/32 dev ${link}`,
    `address add ${gateway6}/64 dev ${link}`,
    `link set ${link} up`,
    `route add ${address}/32 dev ${link}`,
    `route add ${address6}/128 dev ${link}`,
  ]);
  namespace.ip([
    `address add ${address}/32 dev eth0`,
    `address add ${address6}/128 dev eth0`,
    'link set eth0 up',
    `route add ${gateway}/32 dev eth0`,
    `route add default via ${gateway}`,
    `route add ::/0 via ${gateway6} dev eth0`,
  ]);
  const machine = asMachine({ name, address, address6, cgroup, namespace });
  return { ...machine, remove: () => namespace.remove() };
}

function asMachine(parts: Omit<Machine, 'inside' | 'startPeer'>): Machine {
  return {
    ...parts,
    inside: (command, args = []) => {
      const [first = '', ...rest] = parts.namespace.enter;
      return { command: first, args: [...rest, command, ...args] };
    },
    startPeer: (name = parts.name) => startPeer(parts.namespace.enter, name),
  };
}
