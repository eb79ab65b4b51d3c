/** TCP connections as somebody on the way sees them: who began, and the first bytes that each client says. Pure. */
import { concatBytes } from '../../lib/bytes.ts';
import type { Packet } from './packet.ts';

/** What a censor keeps of each connection. */
export interface Flow<State> {
  readonly client: string;
  readonly clientPort: number;
  readonly server: string;
  readonly serverPort: number;
  readonly opening: Opening;
  readonly state: State;
}

export interface FlowStep<State> {
  readonly flow: Flow<State>;
  readonly isFromClient: boolean;
  /** The SYN that begins it. */
  readonly isStart: boolean;
  /** Whether this packet brought bytes of the opening that had not been seen. */
  readonly hasGrown: boolean;
}

/** At most so many connections are looked after at once; the oldest is forgotten first. */
const FLOWS_MAX = 8_192;
/** A hello longer than this is not put together any more. */
export const OPENING_MAX = 8_192;
/** Segments that wait for one before them. */
const WAITING_MAX = 16;

export class FlowTable<State> {
  readonly #flows = new Map<string, Flow<State>>();
  readonly #make: () => State;

  constructor(make: () => State) {
    this.#make = make;
  }

  get size(): number {
    return this.#flows.size;
  }

  /** Takes note of a packet; `undefined` where it belongs to no connection whose beginning was seen. */
  take(packet: Packet): FlowStep<State> | undefined {
    const { tcp, source, sourcePort, destination, destinationPort } = packet;
    if (tcp === undefined) return undefined;
    const forward = `${source} ${sourcePort} ${destination} ${destinationPort}`;
    if (tcp.syn && !tcp.ack) return this.#start(forward, packet, tcp.sequence);
    const own = this.#flows.get(forward);
    if (own !== undefined) {
      const hasGrown = own.opening.take(tcp.sequence, packet.payload);
      return { flow: own, isFromClient: true, isStart: false, hasGrown };
    }
    const other = this.#flows.get(`${destination} ${destinationPort} ${source} ${sourcePort}`);
    return other === undefined ? undefined : { flow: other, isFromClient: false, isStart: false, hasGrown: false };
  }

  #start(key: string, packet: Packet, sequence: number): FlowStep<State> {
    const known = this.#flows.get(key);
    const isRepeated = known?.opening.firstSequence === sequence;
    const flow = isRepeated && known !== undefined ? known : this.#create(key, packet, sequence);
    return { flow, isFromClient: true, isStart: !isRepeated, hasGrown: false };
  }

  #create(key: string, packet: Packet, sequence: number): Flow<State> {
    if (this.#flows.size >= FLOWS_MAX) {
      const [oldest] = this.#flows.keys();
      if (oldest !== undefined) this.#flows.delete(oldest);
    }
    const flow: Flow<State> = {
      client: packet.source,
      clientPort: packet.sourcePort,
      server: packet.destination,
      serverPort: packet.destinationPort,
      opening: new Opening(sequence),
      state: this.#make(),
    };
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    return flow;
  }
}

/** The first bytes that a client sends, put into order; what is sent again changes nothing. */
export class Opening {
  readonly firstSequence: number;
  #bytes: Uint8Array = new Uint8Array();
  #waiting: { readonly offset: number; readonly payload: Uint8Array }[] = [];

  constructor(synSequence: number) {
    this.firstSequence = synSequence;
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Whether nothing more is kept. */
  get isFull(): boolean {
    return this.#bytes.length >= OPENING_MAX;
  }

  /** Whether the segment brought something new. */
  take(sequence: number, payload: Uint8Array): boolean {
    if (payload.length === 0 || this.isFull) return false;
    // The SYN counts as one byte; numbers wrap at 2^32.
    const offset = (sequence - this.firstSequence - 1) >>> 0;
    if (offset >= OPENING_MAX) return false;
    if (offset > this.#bytes.length) {
      if (this.#waiting.length < WAITING_MAX) this.#waiting.push({ offset, payload: payload.slice() });
      return false;
    }
    if (!this.#append(offset, payload)) return false;
    for (let next = this.#nextWaiting(); next !== undefined; next = this.#nextWaiting()) {
      this.#append(next.offset, next.payload);
    }
    return true;
  }

  #append(offset: number, payload: Uint8Array): boolean {
    const fresh = payload.subarray(this.#bytes.length - offset);
    if (offset + payload.length <= this.#bytes.length) return false;
    this.#bytes = concatBytes([this.#bytes, fresh]).subarray(0, OPENING_MAX);
    return true;
  }

  #nextWaiting(): { offset: number; payload: Uint8Array } | undefined {
    const at = this.#waiting.findIndex(({ offset }) => offset <= this.#bytes.length);
    return at === -1 ? undefined : this.#waiting.splice(at, 1)[0];
  }
}
