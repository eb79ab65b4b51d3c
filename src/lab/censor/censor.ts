/** What a censor is: a judge of packets that cross a line, with a memory of its own. Pure. */
import type { Packet } from '../packet/packet.ts';

/** A packet on its way across the line at which a censor stands. */
export interface Crossing {
  readonly packet: Packet;
  /** Whether it leaves the inside of the line. */
  readonly isOutbound: boolean;
  /** Milliseconds that only grow. */
  readonly now: number;
}

export interface Verdict {
  readonly action: 'pass' | 'drop';
  /** Why the censor did something; absent where it let the packet be. */
  readonly reason?: string;
  /** Forged packets, whole from the IP header on; each goes to the destination that it names. */
  readonly inject?: readonly Injection[];
  /** The packet passes so much later. */
  readonly delayMs?: number;
  /** A server that somebody should have a closer look at. */
  readonly probe?: ProbeWish;
  /** How much the connection looks like what is searched for, 0 to 1: told, not acted on. */
  readonly score?: number;
}

export interface Injection {
  readonly bytes: Uint8Array;
  /** Where on the packet's way the forger sits: 0 at its source, 1 at its destination. */
  readonly depth: number;
}

export interface ProbeWish {
  readonly address: string;
  readonly port: number;
  /** What the client said first. */
  readonly first: Uint8Array;
}

export interface Censor {
  inspect(crossing: Crossing): Verdict;
}

/** What a censor is given besides its rule. */
export interface Tools {
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export const PASS: Verdict = { action: 'pass' };

/** A packet that does not arrive. */
export function drop(reason: string): Verdict {
  return { action: 'drop', reason };
}
