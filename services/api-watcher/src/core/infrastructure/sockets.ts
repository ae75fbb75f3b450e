// Listener ports of Gateways → the ports that Envoys bind for them. Behind a load balancer many Gateways have port 80, and
// one Envoy serves them all, so that each (Gateway, port, transport) gets a port of its own, the same on every node. It is
// derived from its name, and given ones are facts on the log: neither another Gateway nor a restart moves it.
import type { Sockets } from '@sluice/events';
import { canonicalHash } from '@sluice/ir';

/** A port of a Gateway's listeners. */
export interface GatewayPort {
  readonly port: number;
  readonly transport: 'TCP' | 'UDP';
}

/** Above the ports that need rights, below those that Linux gives to outgoing connections (32768–60999). */
const firstPort = 10_000;
const portCount = 22_768;

/**
 * Gives each port a port of the nodes. One that no port is left for is left out.
 * @param wanted ports by key of the Gateway
 * @param before sockets in force, by key of the Gateway
 * @param addresses IP addresses to bind
 */
export function assignSockets(
  wanted: ReadonlyMap<string, readonly GatewayPort[]>,
  before: ReadonlyMap<string, Sockets | undefined>,
  addresses: readonly string[],
): Map<string, Sockets> {
  const taken = new Set<string>();
  const kept = new Map<string, number>();
  for (const [gateway, ports] of wanted)
    for (const p of ports) {
      const held = before.get(gateway)?.ports.find((h) => h.port === p.port && h.transport === p.transport);
      if (held === undefined || taken.has(slotOf(p.transport, held.bindPort))) continue;
      taken.add(slotOf(p.transport, held.bindPort));
      kept.set(nameOf(gateway, p), held.bindPort);
    }
  const result = new Map<string, Sockets>();
  for (const gateway of [...wanted.keys()].toSorted()) {
    const ports = [...(wanted.get(gateway) ?? [])].toSorted(
      (a, b) => a.port - b.port || (a.transport < b.transport ? -1 : 1),
    );
    const bound = ports.flatMap((p) => {
      const bindPort = kept.get(nameOf(gateway, p)) ?? findFree(nameOf(gateway, p), p.transport, taken);
      return bindPort === undefined ? [] : [{ ...p, bindPort }];
    });
    result.set(gateway, { addresses: [...addresses].toSorted(), ports: bound });
  }
  return result;
}

function findFree(name: string, transport: GatewayPort['transport'], taken: Set<string>): number | undefined {
  const start = Number.parseInt(canonicalHash(name).slice(0, 8), 16) % portCount;
  for (let i = 0; i < portCount; i++) {
    const port = firstPort + ((start + i) % portCount);
    if (taken.has(slotOf(transport, port))) continue;
    taken.add(slotOf(transport, port));
    return port;
  }
  return undefined;
}

function nameOf(gateway: string, { port, transport }: GatewayPort): string {
  return `${gateway}|${port}|${transport}`;
}

function slotOf(transport: string, port: number): string {
  return `${transport}|${port}`;
}
