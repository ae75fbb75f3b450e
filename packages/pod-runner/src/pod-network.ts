import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { run } from './command.ts';
import type { Config } from './config.ts';

/** The network namespace of one Pod. */
export interface Sandbox {
  readonly ip: string;
  /** Arguments of nsenter that lead into it; empty where the Pod uses the node's network. */
  readonly enter: readonly string[];
  remove(): Promise<void>;
}

/** Next hop of every Pod: the node's end of its veth pair, which all bear this address of the link alone (RFC 3927). */
const gateway = '169.254.1.1';
const linksSchema = z.array(z.object({ ifname: z.string() }));
/** Of the network namespace of who writes: from which port on anybody may listen. */
const lowPorts = '/proc/sys/net/ipv4/ip_unprivileged_port_start';

/**
 * The node's network: routes to what only kube-proxy's rules know (Services and the load balancer's pool), forwarding, and a namespace for
 * each Pod.
 */
export class PodNetwork {
  readonly #config: Config;
  readonly #used = new Set<number>();
  #next = 2;

  constructor(config: Config) {
    this.#config = config;
  }

  /** A bridge without ports carries the routes: a packet must find a route before the rules rewrite where it goes. */
  async setUp(): Promise<void> {
    const { kubeProxy, serviceRange, loadBalancerPrefix, nodeAddress } = this.#config;
    // Those of Pods whose runner was killed: the kernel takes them away, but some time later.
    const links = linksSchema.parse(JSON.parse(await run('ip', ['-json', 'link', 'show', 'type', 'veth'])));
    const old = links.filter(({ ifname }) => /^pod\d+$/.test(ifname));
    await batch(
      [],
      old.map(({ ifname }) => `link delete ${ifname}`),
    );
    if (kubeProxy)
      await batch(
        [],
        [
          'link add services0 type bridge',
          'link set services0 up',
          `route add ${serviceRange} dev services0 src ${nodeAddress}`,
          `route add ${loadBalancerPrefix}.0/24 dev services0 src ${nodeAddress}`,
        ],
      );
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
    writeFileSync(lowPorts, '0');
  }

  /** Makes a namespace with a veth pair; a Pod of the node's own network gets neither. */
  async add(hostNetwork: boolean): Promise<Sandbox> {
    const { nodeAddress } = this.#config;
    if (hostNetwork) return { ip: nodeAddress, enter: [], remove: async () => undefined };
    const number = this.#take();
    const ip = `${this.#config.podPrefix}.${number >> 8}.${number & 255}`;
    const holder = await hold();
    const enter = [`--net=/proc/${holder.pid}/ns/net`];
    const link = `pod${number}`;
    await batch(
      [],
      [
        `link add ${link} type veth peer name eth0 netns ${holder.pid}`,
        `address add ${gateway}/32 dev ${link}`,
        `link set ${link} up`,
        `route add ${ip}/32 dev ${link} src ${nodeAddress}`,
      ],
    );
    await batch(enter, [
      'link set lo up',
      `address add ${ip}/32 dev eth0`,
      'link set eth0 up',
      `route add ${gateway}/32 dev eth0`,
      `route add default via ${gateway}`,
    ]);
    await run('nsenter', [...enter, 'sh', '-c', `echo 0 >${lowPorts}`]);
    return {
      ip,
      enter,
      remove: async () => {
        const gone = once(holder, 'exit');
        holder.kill('SIGKILL');
        await gone;
        this.#used.delete(number);
      },
    };
  }

  /** The next number that is free, in turn, so that an address rests before it is given again. */
  #take(): number {
    const most = 65_534;
    for (let tried = 0; tried < most; tried += 1) {
      const number = this.#next;
      this.#next = number === most ? 2 : number + 1;
      if (this.#used.has(number)) continue;
      this.#used.add(number);
      return number;
    }
    throw new Error('every address for Pods is taken');
  }
}

/** A process that keeps a network namespace alive, and that ends with this one. It says a word when the namespace is there. */
async function hold(): Promise<ChildProcess & { readonly pid: number }> {
  const inside = ['sh', '-c', 'echo; exec sleep infinity'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'unshare', '--net', ...inside], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.pid === undefined) throw new Error('cannot start unshare');
  await once(child.stdout, 'data');
  return Object.assign(child, { pid: child.pid });
}

async function batch(enter: readonly string[], lines: readonly string[]): Promise<void> {
  const input = `${lines.join('\n')}\n`;
  if (enter.length === 0) await run('ip', ['-batch', '-'], input);
  else await run('nsenter', [...enter, 'ip', '-batch', '-'], input);
}
