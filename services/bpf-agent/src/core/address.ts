// Addresses as the datapath holds them: 16 bytes, IPv4 as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2).
import { formatIp, parseIp } from '@sluice/ir';

/** @throws RangeError for a text that is no address */
export function addressBytes(text: string): Uint8Array {
  const bytes = parseIp(text);
  if (bytes === undefined) throw new RangeError(`${JSON.stringify(text)} is no IP address`);
  return bytes;
}

/** The shortest text (RFC 5952), IPv4 as four numbers. */
export const addressText = formatIp;
