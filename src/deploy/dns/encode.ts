/** Writes answers. */
import { type Answer, encode } from 'dns-packet';
import { ipv6Groups } from './names.ts';
import type { Query, QueryHead } from './query.ts';
import type { RecordData } from './records.ts';

export interface AnswerParts {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly isTruncated?: boolean;
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
}

/** What we take over UDP: what passes every path without being cut in pieces. */
export const UDP_BYTES_MAX = 1_232;

/** An answer that repeats nothing but the head: for what cannot be read any further. */
export function encodeHead(head: QueryHead, rcode: number): Uint8Array {
  return encode({ type: 'response', id: head.id, flags: flagsOf(head, { rcode, isAuthoritative: false }) });
}

/** A whole answer. The question is repeated byte for byte, so that its case comes back as it was sent. */
export function encodeAnswer(query: Query, parts: AnswerParts): Uint8Array {
  const bytes = encode({
    type: 'response',
    id: query.id,
    flags: flagsOf(query, parts),
    answers: [...(parts.answers ?? [])],
    authorities: [...(parts.authorities ?? [])],
    additionals: query.edns === undefined ? [] : [optOf(parts.rcode)],
  });
  bytes.writeUInt16BE(1, 4);
  return Buffer.concat([bytes.subarray(0, 12), query.question, bytes.subarray(12)]);
}

function flagsOf(head: QueryHead, { rcode, isAuthoritative, isTruncated }: AnswerParts): number {
  const marks = (isAuthoritative ? 0x0400 : 0) | (isTruncated === true ? 0x0200 : 0);
  return (head.opcode << 11) | marks | (head.recursionDesired ? 0x0100 : 0) | (rcode & 15);
}

/** RFC 6891 §6.1.3: the upper bits of the code stand here. */
function optOf(rcode: number): Answer {
  return {
    type: 'OPT',
    name: '.',
    udpPayloadSize: UDP_BYTES_MAX,
    extendedRcode: rcode >> 4,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}

/** A record as the library takes it. */
export function answerOf(name: string, ttl: number, data: RecordData): Answer {
  const common = { name, ttl, class: 'IN' } as const;
  switch (data.type) {
    case 'A':
    case 'AAAA':
      return { ...common, type: data.type, data: data.address };
    case 'CNAME':
      return { ...common, type: 'CNAME', data: data.target };
    case 'SRV': {
      const { priority, weight, port, target } = data;
      return { ...common, type: 'SRV', data: { priority, weight, port, target: target === '' ? '.' : target } };
    }
    case 'TXT':
      return { ...common, type: 'TXT', data: pieces(Buffer.from(data.text)) };
    case 'HTTPS':
      // The library knows the type by its number alone.
      return { ...common, type: 'UNKNOWN_65' as 'NULL', data: httpsData(data) };
  }
}

/** RFC 1035 §3.3.14: strings of at most 255 bytes; at least one. */
function pieces(text: Buffer): Buffer[] {
  const found: Buffer[] = [text.subarray(0, 255)];
  for (let at = 255; at < text.length; at += 255) found.push(text.subarray(at, at + 255));
  return found;
}

/** RFC 9460 §2.2; the parameters stand in the order of their numbers. */
function httpsData(data: Extract<RecordData, { type: 'HTTPS' }>): Buffer {
  const parts: Buffer[] = [uint16(data.priority), wireName(data.target)];
  const add = (key: number, value: Buffer): void => void parts.push(uint16(key), uint16(value.length), value);
  const { alpn, noDefaultAlpn, port, ipv4hint, ipv6hint } = data;
  if (alpn !== undefined) add(1, Buffer.concat(alpn.map((one) => Buffer.from([one.length, ...Buffer.from(one)]))));
  if (noDefaultAlpn === true) add(2, Buffer.alloc(0));
  if (port !== undefined) add(3, uint16(port));
  if (ipv4hint !== undefined) add(4, Buffer.from(ipv4hint.flatMap((one) => one.split('.').map(Number))));
  if (ipv6hint !== undefined) add(6, Buffer.concat(ipv6hint.flatMap((one) => ipv6Groups(one).map(uint16))));
  return Buffer.concat(parts);
}

function wireName(name: string): Buffer {
  const labels = name.split('.').filter(Boolean);
  return Buffer.concat([...labels.map((one) => Buffer.from([one.length, ...Buffer.from(one)])), Buffer.from([0])]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
