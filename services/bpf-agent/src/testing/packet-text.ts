// Packets in words, for tables: `tcp 198.51.100.7:4000 > 203.0.113.1:80 S`. Reading one back checks each checksum.
import { addressText } from '../core/address.ts';
import { checksum, encodePacket, type PacketFields, protocols, pseudoHeader, tcpFlags } from './packet.ts';

const notation = /^(tcp|udp) (\S+):(\d+) > (\S+):(\d+)(?: ([SAFRP]+))?$/;
const bare = (address = '') => address.replace(/^\[|\]$/g, '');

/** Reads the notation; IPv6 addresses stand in brackets. @throws Error for other text */
export function packetOf(text: string, more: Partial<PacketFields> = {}): Uint8Array {
  const [, protocol, source, sourcePort, destination, destinationPort, flags = ''] =
    notation.exec(text) ?? [];
  if (protocol !== 'tcp' && protocol !== 'udp') throw new Error(`${text} is no packet`);
  return encodePacket({
    protocol,
    source: bare(source),
    sourcePort: Number(sourcePort),
    destination: bare(destination),
    destinationPort: Number(destinationPort),
    flags,
    ...more,
  });
}

/** A packet in the notation, with ` (bad … checksum)` where one is wrong, and what an ICMP error is about in braces. */
export function describePacket(frame: Uint8Array): string {
  return describeIp(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).subarray(14), true);
}

interface IpParts {
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly rest: Buffer;
  readonly fragment: '' | ' first' | ' later';
  readonly fault: string;
}

function describeIp(packet: Buffer, isWhole: boolean): string {
  const parts = packet.readUInt8(0) >> 4 === 4 ? readIpv4(packet) : readIpv6(packet);
  const { protocol, rest, fragment } = parts;
  const [from, to] = [parts.source, parts.destination].map(endText);
  const suffix = `${fragment}${parts.fault}`;
  if (protocol === protocols.icmp || protocol === protocols.icmp6)
    return `${describeIcmp({ parts, from, to, isWhole })}${suffix}`;
  if (fragment === ' later') return `${protocol === protocols.tcp ? 'tcp' : 'udp'} ${from} > ${to}${suffix}`;
  const ends = `${from}:${rest.readUInt16BE(0)} > ${to}:${rest.readUInt16BE(2)}`;
  const isChecked = isWhole && fragment === '';
  if (protocol === protocols.udp) return `udp ${ends}${isChecked ? udpFault(parts) : ''}${suffix}`;
  const letters = isWhole ? flagLetters(rest.readUInt8(13)) : '';
  const fault = isChecked && transportSum(parts) !== 0 ? ' (bad tcp checksum)' : '';
  return `tcp ${ends}${letters === '' ? '' : ` ${letters}`}${fault}${suffix}`;
}

function endText(bytes: Uint8Array): string {
  return bytes.length === 16 ? `[${addressText(bytes)}]` : bytes.join('.');
}

const flagLetters = (bits: number) =>
  ['S', 'F', 'R', 'P', 'A'].filter((letter) => bits & tcpFlags[letter as keyof typeof tcpFlags]).join('');

const transportSum = ({ source, destination, protocol, rest }: IpParts) =>
  checksum(pseudoHeader({ source, destination }, protocol, rest.length), rest);

function udpFault(parts: IpParts): string {
  if (parts.rest.readUInt16BE(6) === 0) return ' unchecked';
  return transportSum(parts) === 0 ? '' : ' (bad udp checksum)';
}

function describeIcmp({
  parts,
  from,
  to,
  isWhole,
}: {
  parts: IpParts;
  from: string | undefined;
  to: string | undefined;
  isWhole: boolean;
}): string {
  const { rest, source, destination, protocol } = parts;
  const pseudo =
    source.length === 4 ? Uint8Array.of() : pseudoHeader({ source, destination }, protocol, rest.length);
  const fault = isWhole && checksum(pseudo, rest) !== 0 ? ' (bad icmp checksum)' : '';
  const about = describeIp(rest.subarray(8), false);
  return `icmp ${from} > ${to} ${rest.readUInt8(0)}/${rest.readUInt8(1)} {${about}}${fault}`;
}

function readIpv4(packet: Buffer): IpParts {
  const headerBytes = (packet.readUInt8(0) & 15) * 4;
  const place = packet.readUInt16BE(6);
  return {
    protocol: packet.readUInt8(9),
    source: packet.subarray(12, 16),
    destination: packet.subarray(16, 20),
    rest: packet.subarray(headerBytes, packet.readUInt16BE(2)),
    fragment: place & 0x1fff ? ' later' : place & 0x2000 ? ' first' : '',
    fault: checksum(packet.subarray(0, headerBytes)) === 0 ? '' : ' (bad ip checksum)',
  };
}

function readIpv6(packet: Buffer): IpParts {
  let next = packet.readUInt8(6);
  let at = 40;
  let fragment: IpParts['fragment'] = '';
  while ([0, 43, 44, 60].includes(next)) {
    if (next === 44) {
      const place = packet.readUInt16BE(at + 2);
      fragment = place & 0xfff8 ? ' later' : place & 1 ? ' first' : '';
    }
    const bytes = next === 44 ? 8 : (packet.readUInt8(at + 1) + 1) * 8;
    next = packet.readUInt8(at);
    at += bytes;
  }
  return {
    protocol: next,
    source: packet.subarray(8, 24),
    destination: packet.subarray(24, 40),
    rest: packet.subarray(at, 40 + packet.readUInt16BE(4)),
    fragment,
    fault: '',
  };
}
