/** TCP connections that stand, so that they can be ended: a mechanism meets what begins after it. Pure. */
import { type Packet, writeTcp } from '../packet/packet.ts';

interface Standing {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** What the receiver waits for. */
  next: number;
}

/** The oldest are forgotten first. */
const STANDING_MAX = 8_192;

/** One entry for each direction of each connection. */
export class Connections {
  readonly #standing = new Map<string, Standing>();

  take(packet: Packet): void {
    const { tcp, source, destination, sourcePort, destinationPort } = packet;
    if (tcp === undefined) return;
    const key = `${source} ${sourcePort} ${destination} ${destinationPort}`;
    if (tcp.rst) {
      this.#standing.delete(key);
      return;
    }
    const next = (tcp.sequence + packet.payload.length + (tcp.syn || tcp.fin ? 1 : 0)) >>> 0;
    const known = this.#standing.get(key);
    // Only what is newer counts: numbers wrap at 2^32.
    if (known !== undefined && !tcp.syn && ((next - known.next) | 0) < 0) return;
    if (known === undefined && this.#standing.size >= STANDING_MAX) {
      const [oldest] = this.#standing.keys();
      if (oldest !== undefined) this.#standing.delete(oldest);
    }
    this.#standing.set(key, { source, destination, sourcePort, destinationPort, next });
  }

  /** Resets for the receiving end of everything that stands between addresses for which `isMeant`. */
  sever(isMeant: (source: string, destination: string) => boolean): { destination: string; bytes: Uint8Array }[] {
    const meant = [...this.#standing].filter(([, one]) => isMeant(one.source, one.destination));
    return meant.map(([key, { next, ...ends }]) => {
      this.#standing.delete(key);
      return { destination: ends.destination, bytes: writeTcp({ ...ends, sequence: next, flags: ['rst'] }) };
    });
  }
}
