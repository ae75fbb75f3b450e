import { randomInt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import getPort from 'get-port';

/** Below: ports of well-known servers. Above: node ports of Kubernetes. */
const [lowest, highest] = [10_000, 29_999];
const tries = 1_000;

/**
 * A TCP port from 10,000 to 29,999 that is free on the address, default 127.0.0.1. It lies outside the range from which the kernel takes
 * the ports of outgoing connections (`ip_local_port_range` of Linux, from 32,768 by default; where a system's range begins lower, below
 * its beginning). From within it another program's connection could take the port before its server listens or while it is
 * restarted, and a client that asks for it again and again could be connected to itself. It is not given out a second time by this
 * process for 15 seconds at least.
 * @throws Error where all that were tried are taken
 */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  const end = Math.min(highest, (await firstOutgoingPort()) - 1);
  const candidates = end > lowest ? randomPorts(lowest, end) : [];
  return getPort({ port: candidates, host: address });
}

function* randomPorts(from: number, to: number): Generator<number> {
  for (let count = 0; count < tries; count += 1) yield randomInt(from, to + 1);
}

async function firstOutgoingPort(): Promise<number> {
  try {
    const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
    return Number.parseInt(range, 10);
  } catch {
    return highest + 1;
  }
}
