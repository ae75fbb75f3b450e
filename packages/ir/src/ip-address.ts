// IP addresses as text and as 16 bytes. One form for both families: an IPv4 address is `::ffff:a.b.c.d` (RFC 4291, 2.5.5.2).
import ipaddr from 'ipaddr.js';

/** Which family an address is of. */
export type IpFamily = 'ipv4' | 'ipv6';

/** The 16 bytes of an address; undefined for what is no address. IPv4 only as four decimal numbers, IPv6 without a zone. */
export function parseIp(text: string): Uint8Array | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text))
    return Uint8Array.from(ipaddr.IPv4.parse(text).toIPv4MappedAddress().toByteArray());
  if (text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray());
}

/** The family of 16 bytes: an IPv4-mapped address is IPv4. */
export function ipFamilyOf(bytes: Uint8Array): IpFamily {
  return bytes.subarray(0, 12).every((byte, i) => byte === (i < 10 ? 0 : 0xff)) ? 'ipv4' : 'ipv6';
}

/** 16 bytes as text: IPv4 in dots, IPv6 as RFC 5952 writes it. */
export function formatIp(bytes: Uint8Array): string {
  return ipFamilyOf(bytes) === 'ipv4'
    ? bytes.subarray(12).join('.')
    : new ipaddr.IPv6([...bytes]).toRFC5952String();
}

/** An address in the one form that compares as text; undefined for what is no address. */
export function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text);
  return bytes === undefined ? undefined : formatIp(bytes);
}

/** A range of addresses as 16 bytes and the number of bits of them that count, 0–128. */
export interface IpRange {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Reads a range as `10.0.0.0/8`, its host bits cleared; a lone address is a range of one. Undefined for what is none. */
export function parseCidr(text: string): IpRange | undefined {
  const [address = '', given, ...rest] = text.trim().split('/');
  const bytes = parseIp(address);
  if (bytes === undefined || rest.length > 0) return undefined;
  if (given !== undefined && !/^\d{1,3}$/.test(given)) return undefined;
  const most = address.includes(':') ? 128 : 32;
  const bits = given === undefined ? most : Number(given);
  if (bits > most) return undefined;
  const length = bits + 128 - most;
  return { bytes: bytes.map((byte, i) => byte & maskOf(length - 8 * i)), length };
}

/** A range in the one form that compares as text. */
export function canonicalCidr(text: string): string | undefined {
  const range = parseCidr(text);
  if (range === undefined) return undefined;
  const is4 = ipFamilyOf(range.bytes) === 'ipv4' && range.length >= 96;
  return `${formatIp(range.bytes)}/${is4 ? range.length - 96 : range.length}`;
}

function maskOf(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

/** What stands for every address of a node, of the family of `address`. */
export function anyAddressOf(address: string): '0.0.0.0' | '::' {
  return address.includes(':') ? '::' : '0.0.0.0';
}

/** Whether it stands for every address of a node. */
export function isAnyAddress(address: string): boolean {
  return address === anyAddressOf(address);
}
