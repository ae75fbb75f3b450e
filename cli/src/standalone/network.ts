import { readFileSync } from 'node:fs';
import { BlockList, createServer, isIPv6 } from 'node:net';

type BindResult = 'ok' | 'in-use' | 'forbidden' | 'no-address';

function tryBind(host: string, port: number): Promise<BindResult> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('in-use');
      else if (error.code === 'EACCES' || error.code === 'EPERM') resolve('forbidden');
      else if (error.code === 'EADDRNOTAVAIL') resolve('no-address');
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => resolve('ok'));
    });
  });
}

/** What to add to ports below 1024: 0 where this process may bind port 80 at `address`, else 10,000. Found by trying. */
export async function findLowPortOffset(address: string): Promise<number> {
  return (await tryBind(address, 80)) === 'forbidden' ? 10_000 : 0;
}

/** True where a server could listen on this port of 127.0.0.1 now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await tryBind('127.0.0.1', port)) === 'ok';
}

interface Cidr {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Parses `10.0.0.0/24`. @throws RangeError on anything else. */
export function parseCidr(text: string): Cidr {
  const [address, prefixText, ...rest] = text.split('/');
  const family = address !== undefined && isIPv6(address) ? 'ipv6' : 'ipv4';
  const prefix = Number(prefixText);
  if (address === undefined || prefixText === undefined || rest.length > 0 || !/^\d{1,3}$/.test(prefixText))
    throw new RangeError(`${text} is not an address range like 127.80.0.0/24`);
  new BlockList().addSubnet(address, prefix, family);
  return { address, prefix, family };
}

/** Two address ranges have an address in common. */
export function overlap(a: string, b: string): boolean {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  if (left.family !== right.family) return false;
  const wide = left.prefix <= right.prefix ? left : right;
  const narrow = wide === left ? right : left;
  const list = new BlockList();
  list.addSubnet(wide.address, wide.prefix, wide.family);
  return list.check(narrow.address, narrow.family);
}

/** The first range of 127.80.0.0/16 (a /24) that overlaps none of `taken`. @throws RangeError where there is none. */
export function freePool(taken: readonly string[]): string {
  for (let third = 0; third < 256; third++) {
    const pool = `127.80.${third}.0/24`;
    if (!taken.some((other) => overlap(pool, other))) return pool;
  }
  throw new RangeError('all address ranges of 127.80.0.0/16 are in use');
}

/** IPv4 addresses that some process of this network namespace listens on, as `/proc/net/tcp` has them. */
export function listeningAddresses(table = readFileSync('/proc/net/tcp', 'utf8')): string[] {
  const addresses = table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, local = '']) =>
      [6, 4, 2, 0].map((at) => Number.parseInt(local.slice(at, at + 2), 16)).join('.'),
    );
  return [...new Set(addresses)];
}
