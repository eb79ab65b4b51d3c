/** Forged ends of connections, as somebody beside the line writes them. Pure. */
import { type NewSegment, type Packet, type TcpFields, writeTcp } from '../packet/packet.ts';
import type { Injection } from './censor.ts';

type Segment = Packet & { readonly tcp: TcpFields };

/** The packet, if it is TCP. */
function asSegment(packet: Packet): Segment | undefined {
  const { tcp } = packet;
  return tcp === undefined ? undefined : { ...packet, tcp };
}

/** Guesses of where the windows will be when the reset arrives: three, as the border sends them. */
const GUESSES = [0, 1_460, 4_380];

/** Resets for both ends of the connection to which a segment belongs. */
export function resetBoth(packet: Packet, depth: number): Injection[] {
  return [...resetSource(packet, depth), ...resetDestination(packet, depth)];
}

/** Resets for the sender of a segment: they seem to come from the other end. */
export function resetSource(packet: Packet, depth: number): Injection[] {
  const segment = asSegment(packet);
  if (segment === undefined) return [];
  const { tcp } = segment;
  const acknowledgement = wrap(tcp.sequence + lengthOf(segment));
  const sequence = tcp.ack ? tcp.acknowledgement : 0;
  return GUESSES.map((guess) => {
    const bytes = back(segment, { sequence: wrap(sequence + guess), acknowledgement, flags: ['rst', 'ack'] });
    return { depth, bytes };
  });
}

/** Resets for the receiver of a segment: they seem to come from its sender. */
function resetDestination(packet: Packet, depth: number): Injection[] {
  const segment = asSegment(packet);
  if (segment === undefined) return [];
  const { tcp, source, destination, sourcePort, destinationPort } = segment;
  return GUESSES.map((guess) => ({
    depth,
    bytes: writeTcp({
      source,
      destination,
      sourcePort,
      destinationPort,
      sequence: wrap(tcp.sequence + guess),
      acknowledgement: tcp.acknowledgement,
      flags: tcp.ack ? ['rst', 'ack'] : ['rst'],
    }),
  }));
}

/** An answer to a request that the server never saw, and an end of the connection for the server. */
export function answerInstead(packet: Packet, answer: string, depth: number): Injection[] {
  const segment = asSegment(packet);
  if (segment === undefined) return [];
  const { tcp } = segment;
  const bytes = back(segment, {
    sequence: tcp.acknowledgement,
    acknowledgement: wrap(tcp.sequence + lengthOf(segment)),
    flags: ['psh', 'ack', 'fin'],
    payload: Buffer.from(answer, 'latin1'),
  });
  return [{ depth, bytes }, ...resetDestination(packet, depth)];
}

function back(segment: Segment, head: Omit<NewSegment, keyof Ports>): Uint8Array {
  return writeTcp({
    source: segment.destination,
    destination: segment.source,
    sourcePort: segment.destinationPort,
    destinationPort: segment.sourcePort,
    ...head,
  });
}

interface Ports {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

function lengthOf({ tcp, payload }: Segment): number {
  return payload.length + (tcp.syn ? 1 : 0) + (tcp.fin ? 1 : 0);
}

function wrap(value: number): number {
  return value >>> 0;
}
