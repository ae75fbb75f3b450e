// Packets as bytes, for tables of what goes into a program and comes out of it. Checksums are made and checked here by the plain sum over
// all bytes (RFC 1071), not by increments as the programs do it.
import { addressBytes } from '../core/address.ts';

/** IPPROTO_* of linux/in.h. */
export const protocols = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/** Bits of TCP's flags by the letters of packet notation. */
export const tcpFlags = { F: 1, S: 2, R: 4, P: 8, A: 16 } as const;

/** A packet to make; what is not said is usual. */
export interface PacketFields {
  readonly protocol: 'tcp' | 'udp';
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  /** TCP: letters of S, A, F, R, P. */
  readonly flags?: string;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly payload?: Uint8Array;
  /** UDP over IPv4: no checksum. */
  readonly isUnchecked?: boolean;
  /** A fragment of it: of its transport part the bytes from `offset` (a multiple of 8), so many. */
  readonly fragment?: { readonly id: number; readonly offset: number; readonly bytes: number };
  /** IPv4 options or whole IPv6 extension headers (with `next` the first of them), a multiple of 4 or 8 bytes. */
  readonly options?: Uint8Array;
  /** IPv6: the kind of the first header in `options`. */
  readonly next?: number;
}

const ethernetBytes = 14;
const isIpv4 = (address: string) => !address.includes(':');

/** The address as the wire has it: 4 or 16 bytes. @throws Error for what is no address */
export function wireAddress(text: string): Uint8Array {
  const bytes = addressBytes(text);
  return isIpv4(text) ? bytes.subarray(12) : bytes;
}

/** The Internet checksum (RFC 1071) of the parts one behind the other; 0 where they hold the right checksum. */
export function checksum(...parts: readonly Uint8Array[]): number {
  const bytes = Buffer.concat(parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt8(at) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** What of the IP header transport checksums cover (RFC 9293 section 3.1, RFC 8200 section 8.1). */
export function pseudoHeader(
  ends: { source: Uint8Array; destination: Uint8Array },
  protocol: number,
  length: number,
) {
  const tail = Buffer.alloc(ends.source.length === 4 ? 4 : 8);
  tail.writeUInt16BE(length, 2);
  tail.writeUInt8(protocol, tail.length === 4 ? 1 : 7);
  return Buffer.concat([ends.source, ends.destination, tail]);
}

/** An Ethernet frame. */
export function encodePacket(fields: PacketFields): Uint8Array {
  const { source, destination, fragment } = fields;
  const ends = { source: wireAddress(source), destination: wireAddress(destination) };
  const whole = fields.protocol === 'tcp' ? tcpSegment(fields) : udpDatagram(fields);
  const at = fields.protocol === 'tcp' ? 16 : 6;
  if (fields.isUnchecked !== true) {
    const pseudo = pseudoHeader(ends, protocols[fields.protocol], whole.length);
    // In UDP 0 means that there is none (RFC 768).
    whole.writeUInt16BE(checksum(pseudo, whole) || (fields.protocol === 'udp' ? 0xffff : 0), at);
  }
  const part =
    fragment === undefined ? whole : whole.subarray(fragment.offset, fragment.offset + fragment.bytes);
  const isLast = fragment === undefined || fragment.offset + fragment.bytes >= whole.length;
  const shape = { ...fields, protocol: protocols[fields.protocol], isLast };
  return frame(isIpv4(source), ipPacket(ends, shape, part));
}

/** An ICMP error of its first 8 bytes (type, code, checksum to fill in, the rest) about the beginning of a frame's IP packet. */
export function encodeIcmpError(
  ends: { readonly source: string; readonly destination: string },
  header: { readonly type: number; readonly code: number },
  about: { readonly frame: Uint8Array; readonly bytes: number },
): Uint8Array {
  const wire = { source: wireAddress(ends.source), destination: wireAddress(ends.destination) };
  const quoted = about.frame.subarray(ethernetBytes, ethernetBytes + about.bytes);
  const message = Buffer.concat([Uint8Array.of(header.type, header.code, 0, 0, 0, 0, 0, 0), quoted]);
  const protocol = isIpv4(ends.source) ? protocols.icmp : protocols.icmp6;
  const pseudo = isIpv4(ends.source) ? Uint8Array.of() : pseudoHeader(wire, protocol, message.length);
  message.writeUInt16BE(checksum(pseudo, message), 2);
  return frame(isIpv4(ends.source), ipPacket(wire, { protocol, isLast: true }, message));
}

function tcpSegment(fields: PacketFields): Buffer {
  const header = Buffer.alloc(20);
  header.writeUInt16BE(fields.sourcePort, 0);
  header.writeUInt16BE(fields.destinationPort, 2);
  header.writeUInt32BE(fields.sequence ?? 1000, 4);
  header.writeUInt32BE(fields.acknowledgement ?? 0, 8);
  header.writeUInt8(5 << 4, 12);
  const letters = Object.entries(tcpFlags).filter(([letter]) => fields.flags?.includes(letter));
  header.writeUInt8(
    letters.reduce((bits, [, bit]) => bits | bit, 0),
    13,
  );
  header.writeUInt16BE(64_000, 14);
  return Buffer.concat([header, fields.payload ?? Uint8Array.of()]);
}

function udpDatagram(fields: PacketFields): Buffer {
  const payload = fields.payload ?? Buffer.from('question');
  const header = Buffer.alloc(8);
  header.writeUInt16BE(fields.sourcePort, 0);
  header.writeUInt16BE(fields.destinationPort, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return Buffer.concat([header, payload]);
}

interface IpShape extends Pick<PacketFields, 'fragment' | 'options' | 'next'> {
  readonly protocol: number;
  readonly isLast: boolean;
}

function ipPacket(
  ends: { source: Uint8Array; destination: Uint8Array },
  shape: IpShape,
  part: Uint8Array,
): Buffer {
  const { options = Uint8Array.of(), fragment } = shape;
  if (ends.source.length === 16) return ipv6Packet(ends, shape, part);
  const header = Buffer.concat([Buffer.alloc(12), ends.source, ends.destination, options]);
  header.writeUInt8(0x40 | (header.length / 4), 0);
  header.writeUInt16BE(header.length + part.length, 2);
  header.writeUInt16BE(fragment?.id ?? 7, 4);
  header.writeUInt16BE(((fragment?.offset ?? 0) / 8) | (shape.isLast ? 0 : 0x2000), 6);
  header.writeUInt8(64, 8);
  header.writeUInt8(shape.protocol, 9);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, part]);
}

function ipv6Packet(
  ends: { source: Uint8Array; destination: Uint8Array },
  shape: IpShape,
  part: Uint8Array,
): Buffer {
  const { options = Uint8Array.of(), fragment } = shape;
  const fragmentHeader = Buffer.alloc(fragment === undefined ? 0 : 8);
  if (fragment !== undefined) {
    fragmentHeader.writeUInt8(shape.protocol, 0);
    fragmentHeader.writeUInt16BE(fragment.offset | (shape.isLast ? 0 : 1), 2);
    fragmentHeader.writeUInt32BE(fragment.id, 4);
  }
  const behind = Buffer.concat([options, fragmentHeader, part]);
  const header = Buffer.alloc(8);
  header.writeUInt8(0x60, 0);
  header.writeUInt16BE(behind.length, 4);
  header.writeUInt8(shape.next ?? (fragment === undefined ? shape.protocol : 44), 6);
  header.writeUInt8(64, 7);
  return Buffer.concat([header, ends.source, ends.destination, behind]);
}

function frame(ipv4: boolean, packet: Uint8Array): Uint8Array {
  const header = Buffer.from('02000000000102000000000200', 'hex');
  return Buffer.concat([header.subarray(0, 12), Uint8Array.from(ipv4 ? [8, 0] : [0x86, 0xdd]), packet]);
}
