// Reaching a server whose host name nobody resolves: by addresses that are known otherwise, while its certificate still bears the name.
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';
import { LogError } from '../port.ts';

/** IP addresses of the host, as they are known at the moment; none: not known yet. */
export type ServerAddresses = () => readonly string[];

/** `url` with an address in place of its host; port and the rest stay. */
export function urlAt(url: string, address: string): string {
  const { protocol, port } = new URL(url);
  const host = address.includes(':') ? `[${address}]` : address;
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`;
}

/**
 * Connects to the host of `url` at the addresses of the moment; each later attempt asks for them anew, so a server that moved is found.
 * @throws LogError `connection` while no address is known, and what NATS throws where it cannot be reached
 */
export async function connectAt(
  { url, addresses }: { readonly url: string; readonly addresses: ServerAddresses },
  settings: ConnectionOptions,
): Promise<NatsConnection> {
  const { hostname, protocol } = new URL(url);
  const servers = (): string[] => addresses().map((address) => urlAt(url, address));
  const first = servers();
  if (first.length === 0)
    throw new LogError('connection', `no address of ${hostname} is known yet`, {
      hint: 'It is read from SLUICE_NATS_ADDRESSES_FILE, which api-watcher fills.',
    });
  const isSecure = protocol === 'tls:' || settings.tls != null;
  const tls = { ...settings.tls, servername: hostname };
  let attempts = 0;
  let connected: NatsConnection | undefined;
  connected = await connect({
    ...settings,
    servers: first,
    resolve: false,
    ...(isSecure ? { tls } : {}),
    reconnectToServer: () => {
      const known = servers();
      if (connected === undefined || known.length === 0) return null;
      connected.setServers(known);
      const all = connected.getServers();
      attempts += 1;
      return all[attempts % all.length] ?? null;
    },
  });
  return connected;
}
