/** IPv4 and IPv6 packets with TCP or UDP in them: read from bytes, written with their checksums. Pure. */
import { formatAddress, parseAddress } from './address.ts';

export const TCP = 6;
export const UDP = 17;

/** What a censor sees of a packet. */
export interface Packet {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  /** Number of the protocol above IP; of a fragment that is not the first, of what the first one holds. */
  readonly protocol: number;
  /** Zero where the protocol has no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tcp: TcpFields | undefined;
  readonly payload: Uint8Array;
  /** Of the whole IP packet. */
  readonly sizeBytes: number;
}

export interface TcpFields {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
}

const FIN = 1;
const SYN = 2;
const RST = 4;
const PSH = 8;
const ACK = 16;

/** Extension headers of IPv6 that say how long they are themselves (RFC 8200 §4). */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION = 60;
/** More of them than this is nothing that a host of the lab sends. */
const EXTENSIONS_MAX = 8;

interface Layout {
  readonly version: 4 | 6;
  readonly addressesAt: number;
  readonly protocol: number;
  readonly payloadAt: number;
  readonly end: number;
  readonly isLaterFragment: boolean;
  readonly isFragment: boolean;
}

/** Reads a packet; `undefined` when the bytes are none or end too early. */
export function parsePacket(bytes: Uint8Array): Packet | undefined {
  const layout = findLayout(bytes);
  if (layout === undefined) return undefined;
  const { version, addressesAt, protocol, payloadAt, end, isLaterFragment } = layout;
  const width = version === 4 ? 4 : 16;
  const base = {
    version,
    source: formatAddress(bytes, addressesAt, version),
    destination: formatAddress(bytes, addressesAt + width, version),
    protocol,
    sizeBytes: end,
  };
  const plain = { sourcePort: 0, destinationPort: 0, tcp: undefined, payload: bytes.subarray(payloadAt, end) };
  if (isLaterFragment || (protocol !== TCP && protocol !== UDP)) return { ...base, ...plain };
  const headBytes = protocol === UDP ? 8 : (at(bytes, payloadAt + 12) >> 4) * 4;
  if ((protocol === TCP && headBytes < 20) || payloadAt + Math.max(headBytes, 8) > end) return undefined;
  return {
    ...base,
    sourcePort: read16(bytes, payloadAt),
    destinationPort: read16(bytes, payloadAt + 2),
    tcp: protocol === TCP ? readTcp(bytes, payloadAt) : undefined,
    payload: bytes.subarray(payloadAt + headBytes, end),
  };
}

function readTcp(bytes: Uint8Array, start: number): TcpFields {
  const flags = at(bytes, start + 13);
  return {
    sequence: read32(bytes, start + 4),
    acknowledgement: read32(bytes, start + 8),
    syn: (flags & SYN) !== 0,
    ack: (flags & ACK) !== 0,
    fin: (flags & FIN) !== 0,
    rst: (flags & RST) !== 0,
  };
}

function findLayout(bytes: Uint8Array): Layout | undefined {
  const version = at(bytes, 0) >> 4;
  if (version === 4) return findLayout4(bytes);
  return version === 6 ? findLayout6(bytes) : undefined;
}

function findLayout4(bytes: Uint8Array): Layout | undefined {
  const payloadAt = (at(bytes, 0) & 15) * 4;
  const end = read16(bytes, 2);
  if (payloadAt < 20 || bytes.length < end || end < payloadAt) return undefined;
  const fragment = read16(bytes, 6);
  return {
    version: 4,
    addressesAt: 12,
    protocol: at(bytes, 9),
    payloadAt,
    end,
    isLaterFragment: (fragment & 0x1fff) !== 0,
    isFragment: (fragment & 0x3fff) !== 0,
  };
}

function findLayout6(bytes: Uint8Array): Layout | undefined {
  const end = 40 + read16(bytes, 4);
  if (bytes.length < end) return undefined;
  let protocol = at(bytes, 6);
  let payloadAt = 40;
  let fragment = 0;
  for (let count = 0; count < EXTENSIONS_MAX && isExtension(protocol); count += 1) {
    if (payloadAt + 8 > end) return undefined;
    if (protocol === FRAGMENT) fragment = read16(bytes, payloadAt + 2);
    const sizeBytes = protocol === FRAGMENT ? 8 : 8 * (at(bytes, payloadAt + 1) + 1);
    protocol = at(bytes, payloadAt);
    payloadAt += sizeBytes;
  }
  if (payloadAt > end) return undefined;
  const isLaterFragment = (fragment & 0xfff8) !== 0;
  const isFragment = isLaterFragment || (fragment & 1) !== 0;
  return { version: 6, addressesAt: 8, protocol, payloadAt, end, isLaterFragment, isFragment };
}

function isExtension(protocol: number): boolean {
  return protocol === HOP_BY_HOP || protocol === ROUTING || protocol === FRAGMENT || protocol === DESTINATION;
}

/**
 * Writes the checksums of IP, TCP and UDP into the packet: a sender's kernel leaves them to a network card, which a
 * virtual line does not have. A fragment is left as it is, because its sum is over what others hold.
 */
export function fillChecksums(bytes: Uint8Array): void {
  const layout = findLayout(bytes);
  if (layout === undefined) return;
  const { version, addressesAt, protocol, payloadAt, end } = layout;
  if (version === 4) {
    write16(bytes, 10, 0);
    write16(bytes, 10, fold(sum(bytes, 0, payloadAt)));
  }
  if (layout.isFragment || (protocol !== TCP && protocol !== UDP)) return;
  const sumAt = payloadAt + (protocol === TCP ? 16 : 6);
  if (sumAt + 2 > end) return;
  write16(bytes, sumAt, 0);
  const addresses = sum(bytes, addressesAt, addressesAt + (version === 4 ? 8 : 32));
  const checksum = fold(addresses + protocol + (end - payloadAt) + sum(bytes, payloadAt, end));
  // RFC 768: "If the computed checksum is zero, it is transmitted as all ones".
  write16(bytes, sumAt, checksum === 0 && protocol === UDP ? 0xffff : checksum);
}

/** A datagram or segment that the lab makes itself. */
export interface NewPacket {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payload?: Uint8Array;
}

export interface NewSegment extends NewPacket {
  readonly sequence: number;
  readonly acknowledgement?: number;
  readonly flags: readonly ('syn' | 'fin' | 'rst' | 'psh' | 'ack')[];
}

const FLAG_BITS = { fin: FIN, syn: SYN, rst: RST, psh: PSH, ack: ACK } as const;

/** Writes a UDP datagram with IP header and checksums. */
export function writeUdp(packet: NewPacket): Uint8Array {
  const payload = packet.payload ?? new Uint8Array();
  const { bytes, payloadAt } = startPacket(packet, UDP, 8 + payload.length);
  write16(bytes, payloadAt + 4, 8 + payload.length);
  bytes.set(payload, payloadAt + 8);
  fillChecksums(bytes);
  return bytes;
}

/** Writes a TCP segment without options, with IP header and checksums. */
export function writeTcp(segment: NewSegment): Uint8Array {
  const payload = segment.payload ?? new Uint8Array();
  const { bytes, payloadAt } = startPacket(segment, TCP, 20 + payload.length);
  write32(bytes, payloadAt + 4, segment.sequence);
  write32(bytes, payloadAt + 8, segment.acknowledgement ?? 0);
  bytes[payloadAt + 12] = 5 << 4;
  bytes[payloadAt + 13] = segment.flags.reduce((bits, flag) => bits | FLAG_BITS[flag], 0);
  write16(bytes, payloadAt + 14, segment.flags.includes('rst') ? 0 : 64_240);
  bytes.set(payload, payloadAt + 20);
  fillChecksums(bytes);
  return bytes;
}

function startPacket(packet: NewPacket, protocol: number, contentBytes: number) {
  const source = parseAddress(packet.source);
  const destination = parseAddress(packet.destination);
  if (source === undefined || destination === undefined || source.length !== destination.length) {
    throw new RangeError('two addresses of one family make a packet');
  }
  const isIpv4 = source.length === 4;
  const payloadAt = isIpv4 ? 20 : 40;
  const bytes = new Uint8Array(payloadAt + contentBytes);
  bytes[0] = isIpv4 ? 0x45 : 0x60;
  write16(bytes, isIpv4 ? 2 : 4, isIpv4 ? bytes.length : contentBytes);
  if (isIpv4) write16(bytes, 6, 0x4000);
  bytes[isIpv4 ? 8 : 7] = 64;
  bytes[isIpv4 ? 9 : 6] = protocol;
  bytes.set(source, isIpv4 ? 12 : 8);
  bytes.set(destination, isIpv4 ? 16 : 24);
  write16(bytes, payloadAt, packet.sourcePort);
  write16(bytes, payloadAt + 2, packet.destinationPort);
  return { bytes, payloadAt };
}

function sum(bytes: Uint8Array, from: number, to: number): number {
  let total = 0;
  const even = to - ((to - from) & 1);
  for (let i = from; i < even; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return even === to ? total : total + (at(bytes, even) << 8);
}

function fold(total: number): number {
  let rest = total;
  while (rest > 0xffff) rest = (rest & 0xffff) + Math.floor(rest / 0x1_0000);
  return ~rest & 0xffff;
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function read16(bytes: Uint8Array, index: number): number {
  return (at(bytes, index) << 8) | at(bytes, index + 1);
}

function read32(bytes: Uint8Array, index: number): number {
  return read16(bytes, index) * 0x1_0000 + read16(bytes, index + 2);
}

function write16(bytes: Uint8Array, index: number, value: number): void {
  bytes[index] = (value >> 8) & 0xff;
  bytes[index + 1] = value & 0xff;
}

function write32(bytes: Uint8Array, index: number, value: number): void {
  write16(bytes, index, Math.floor(value / 0x1_0000));
  write16(bytes, index + 2, value & 0xffff);
}
