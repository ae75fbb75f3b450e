import { freePort } from '@sluice/event-log';
import type { CliConfig } from '../config.ts';
import { type Instance, runningInstances } from './instance.ts';
import type { Layout } from './layout.ts';
import {
  findLowPortOffset,
  freePool,
  isPortFree,
  listeningAddresses,
  overlap,
  parseCidr,
} from './network.ts';
import { UserError } from './settings.ts';

/** The ports of NATS: those of last time while nobody else has them, so that services and clients find it again. */
export async function choosePorts(of: {
  readonly earlier: Instance | undefined;
  /** The earlier nats-server still lives, so its ports are rightly taken. */
  readonly natsAlive: boolean;
}): Promise<{ readonly natsPort: number; readonly natsMonitorPort: number }> {
  const { earlier } = of;
  const usable =
    earlier !== undefined &&
    (of.natsAlive || ((await isPortFree(earlier.natsPort)) && (await isPortFree(earlier.natsMonitorPort))));
  if (usable) return { natsPort: earlier.natsPort, natsMonitorPort: earlier.natsMonitorPort };
  return { natsPort: await freePort(), natsMonitorPort: await freePort() };
}

/**
 * The range that Gateways get their addresses from: the one asked for, that of last time, or one that no instance has and
 * nobody listens in. Two Envoys of one user could share an address without noticing, each getting a part of the requests.
 * @throws UserError where the one asked for overlaps that of a running instance
 */
export function choosePool(of: {
  readonly config: CliConfig;
  readonly layout: Layout;
  readonly asked: string | undefined;
  readonly earlier: Instance | undefined;
  /** The earlier Envoy still lives, so its addresses are rightly listened on. */
  readonly envoyAlive: boolean;
}): string {
  const others = runningInstances(of.config).filter(({ layout }) => layout.id !== of.layout.id);
  const owner = (pool: string) => others.find(({ instance }) => overlap(instance.pool, pool));
  if (of.asked !== undefined) {
    checkPool(of.asked);
    const other = owner(of.asked);
    if (other !== undefined)
      throw new UserError(
        `the address range ${of.asked} overlaps ${other.instance.pool} of the instance in ${other.layout.root}`,
        'choose another --pool, or leave it out to get a free one',
      );
    return of.asked;
  }
  const listening = listeningAddresses().map((address) => `${address}/32`);
  const earlier = of.earlier?.pool;
  const foreign =
    earlier !== undefined && !of.envoyAlive && listening.some((address) => overlap(earlier, address));
  if (earlier !== undefined && owner(earlier) === undefined && !foreign) return earlier;
  return freePool([...others.map(({ instance }) => instance.pool), ...listening]);
}

function checkPool(pool: string): void {
  try {
    parseCidr(pool);
  } catch {
    throw new UserError(`${pool} is not an address range`, 'write it like 127.80.0.0/24');
  }
}

/** What to add to low ports for Gateways of this range; found by trying to bind port 80 at its second address. */
export function lowPortOffsetOf(pool: string): Promise<number> {
  const { address, family } = parseCidr(pool);
  const host = family === 'ipv4' ? address.replace(/\d+$/, (last) => String(Number(last) + 1)) : '::1';
  return findLowPortOffset(host);
}
