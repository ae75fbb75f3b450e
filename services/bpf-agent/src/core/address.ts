// Addresses as the datapath holds them: 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).
import ipaddr from 'ipaddr.js';

/** @throws Error for a text that is no address */
export function addressBytes(text: string): Uint8Array {
  if (text.includes(':')) return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) throw new Error(`${JSON.stringify(text)} is no IP address`);
  return Uint8Array.from(ipaddr.IPv4.parse(text).toIPv4MappedAddress().toByteArray());
}

/** The shortest text (RFC 5952), IPv4 as four numbers. @throws Error unless there are 16 bytes */
export function addressText(bytes: Uint8Array): string {
  return ipaddr.process(ipaddr.fromByteArray([...bytes]).toString()).toString();
}
