// A connection below HTTP as one types it on a command line → a connection to be explained.
import type { ExplainConnection } from '@sluice/ir/explain';
import { UserError } from '../standalone/settings.ts';
import { addressOf, splitAuthority } from './request-line.ts';

const protocols: Readonly<Record<string, ExplainConnection['protocol']>> = {
  tls: 'TLS',
  tcp: 'TCP',
  udp: 'UDP',
};

/** What is typed. */
export interface ConnectionLine {
  readonly protocol: ExplainConnection['protocol'];
  /** `ADDRESS:PORT`; of TLS also `NAME:PORT`, or either without the port. */
  readonly place: string;
  readonly sni?: string;
}

/** The protocol that a word names, in any case; undefined for another word. */
export function protocolOf(word: string): ExplainConnection['protocol'] | undefined {
  return Object.hasOwn(protocols, word.toLowerCase()) ? protocols[word.toLowerCase()] : undefined;
}

/** Reads it. @throws UserError where it is no connection */
export function readConnectionLine({ protocol, place, sni }: ConnectionLine): ExplainConnection {
  const word = protocol.toLowerCase();
  if (sni !== undefined && protocol !== 'TLS')
    throw new UserError(`--sni is for tls only`, `write sluice explain tls ${place}, or leave it out`);
  if (protocol !== 'TLS' && !/:\d+$/.test(place))
    throw new UserError(`${place} names no port`, `write sluice explain ${word} ADDRESS:PORT`);
  const { name, port } = splitAuthority(place, 443);
  const address = addressOf(name);
  if (protocol !== 'TLS' && address === undefined)
    throw new UserError(
      `${name} is no IP address, and ${protocol} carries no name`,
      '`sluice get gateways` shows the addresses',
    );
  const serverName = sni ?? (address === undefined ? name : undefined);
  return {
    protocol,
    ...(address === undefined ? {} : { address }),
    port,
    ...(serverName === undefined ? {} : { sni: serverName }),
  };
}
