/** The link to one peer: lanes that either side has dialled, and the dialling of ours. */
import type { Duplex } from 'node:stream';
import { OperationError } from '../matrix/errors.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Crypto } from '../ports/crypto.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { callPeer } from './call.ts';
import { Carriers, type Connections } from './carriers/carriers.ts';
import type { Hello } from './handshake.ts';
import { Lane } from './lane.ts';
import type { Opening } from './mux.ts';
import type { LinkStream } from './stream.ts';

export interface PeerConfig {
  /** Its public key, 32 bytes of Ed25519: nobody else is taken for it. */
  readonly key: Uint8Array;
  /** Where it is dialled, `host:port`, and `wss:` URLs of sites on which it is called; nowhere where it dials us. */
  readonly dial: readonly string[];
  /** The name that the connection asks for (SNI); without one it names nobody. */
  readonly serverName?: string | undefined;
  /** The purposes for which it may open streams. */
  readonly carries: ReadonlySet<string>;
}

export interface PeerLinkParts {
  readonly name: string;
  readonly config: PeerConfig;
  /** Of this node's own key. */
  readonly seed: Uint8Array;
  /** The path that the listeners of links answer. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Crypto;
  readonly log: Log;
  readonly connections: Connections;
  accept(stream: LinkStream): boolean;
  /** The first of its lanes is there. */
  onUp(): void;
}

/** Connections beside each other: a loss in one of them does not hold up what goes over the other. */
export const LANES = 2;
const REDIAL_MS = { first: 250, max: 30_000 };
/** A connection that is lost sooner speaks against the way that it took. */
const LASTS_MS = 60_000;

export class PeerLink {
  readonly #parts: PeerLinkParts;
  readonly #dialled: (Lane | undefined)[] = [];
  readonly #accepted: (Lane | undefined)[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #pauses: number[] = [];
  readonly #carriers: Carriers;
  /** The way of each connection of ours, and since when it is there. */
  readonly #carried: ({ readonly way: number; readonly since: number } | undefined)[] = [];
  readonly #timers = new Map<number, Timer>();
  readonly #abort = new AbortController();
  #address: string | undefined;

  constructor(parts: PeerLinkParts) {
    this.#parts = parts;
    const { key, dial, serverName } = parts.config;
    this.#carriers = new Carriers({ ...parts, nodeKey: key, dial, serverName });
  }

  get name(): string {
    return this.#parts.name;
  }

  get config(): PeerConfig {
    return this.#parts.config;
  }

  /** The address at the other end of the latest connection. */
  get address(): string | undefined {
    return this.#address;
  }

  /** Lanes with a connection. */
  get up(): number {
    return this.#lanes().filter((lane) => lane.isUp).length;
  }

  /** Dials, where that is our part, and again whenever a connection is lost. */
  start(): void {
    if (this.config.dial.length === 0) return;
    for (let index = 0; index < LANES; index += 1) void this.#call(index);
  }

  close(): void {
    this.#abort.abort();
    for (const timer of this.#timers.values()) timer.cancel();
    for (const lane of this.#lanes()) lane.close('this side is closing');
  }

  /** A new stream, once there is a connection. Rejects with an {@link OperationError} where `signal` ends first. */
  async open(opening: Opening, signal: AbortSignal): Promise<LinkStream> {
    for (;;) {
      const [best] = this.#lanes()
        .filter((lane) => lane.isUp)
        .toSorted((left, right) => left.size - right.size);
      if (best !== undefined) return best.open(opening);
      if (signal.aborted || this.#abort.signal.aborted) throw new OperationError('no connection', { temporary: true });
      await this.#untilUp(signal);
    }
  }

  /** The lane that a proven hello speaks of; `undefined` where it is to go on with one that is no more. */
  laneFor({ session, isNew, lane: index }: Hello): Lane | undefined {
    const known = this.#accepted[index];
    if (known !== undefined && !known.isOver && Buffer.compare(known.session, session) === 0) return known;
    if (!isNew) return undefined;
    // It has begun anew: what went over the former one is lost on its side.
    known?.close('the other side has begun anew');
    const lane = this.#makeLane(index, session, false);
    this.#accepted[index] = lane;
    return lane;
  }

  /** A lane that the other side has dialled goes on over this connection. */
  attach(lane: Lane, socket: Duplex, hello: Hello, head: Uint8Array): void {
    this.#noteAddress(socket);
    if (lane.attach(socket, hello.received, head)) this.#tellUp(hello.lane, 'accepted');
    else lane.close('the other side claims what cannot be');
  }

  #noteAddress(socket: Duplex): void {
    if (!('remoteAddress' in socket) || typeof socket.remoteAddress !== 'string') return;
    this.#address = socket.remoteAddress.replace(/^::ffff:/, '');
  }

  #lanes(): Lane[] {
    return [...this.#dialled, ...this.#accepted].flatMap((lane) => (lane === undefined || lane.isOver ? [] : [lane]));
  }

  #makeLane(index: number, session: Uint8Array, hasDialled: boolean): Lane {
    const { name, clock, random, log } = this.#parts;
    return new Lane({
      session,
      hasDialled,
      peer: name,
      clock,
      random,
      accept: (stream) => this.config.carries.has(stream.purpose) && this.#parts.accept(stream),
      onDown: (_, why) => {
        log.info('a connection of a link is lost', { peer: name, lane: index, why });
        if (!hasDialled) return;
        this.#judge(index);
        this.#redial(index);
      },
      onOver: (lane, why) => {
        if (lane.size > 0) log.warn('streams of a link are lost', { peer: name, lane: index, why });
        // One that was cut for a fault is not told of as down.
        if (hasDialled && this.#dialled[index] === lane) this.#redial(index);
      },
    });
  }

  async #call(index: number): Promise<void> {
    const { random, name, log, clock } = this.#parts;
    let lane = this.#dialled[index];
    if (lane === undefined || lane.isOver) {
      lane = this.#makeLane(index, random.bytes(16), true);
      this.#dialled[index] = lane;
    }
    try {
      const { welcome, socket, head, way } = await callPeer(this.#parts, {
        lane,
        index,
        carriers: this.#carriers,
        signal: this.#abort.signal,
      });
      this.#carried[index] = { way, since: clock.monotonic() };
      if (!welcome.isKnown) {
        socket.destroy();
        lane.close('the other side knows it no more');
      } else if (lane.attach(socket, welcome.received, head)) {
        this.#noteAddress(socket);
        this.#pauses[index] = 0;
        this.#tellUp(index, 'dialled');
      } else lane.close('the other side claims what cannot be');
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      if (!(error instanceof OperationError)) throw error;
      log.debug('a peer was dialled in vain', { peer: name, lane: index, why: error.kind });
      this.#redial(index);
    }
  }

  /** A way on which connections do not last is not the first that is tried again. */
  #judge(index: number): void {
    const carried = this.#carried[index];
    this.#carried[index] = undefined;
    if (carried === undefined) return;
    if (this.#parts.clock.monotonic() - carried.since < LASTS_MS) this.#carriers.failed(carried.way);
  }

  #redial(index: number): void {
    if (this.#abort.signal.aborted || this.#timers.has(index)) return;
    const { clock, random } = this.#parts;
    const pauseMs = Math.min(Math.max(REDIAL_MS.first, (this.#pauses[index] ?? 0) * 2), REDIAL_MS.max);
    this.#pauses[index] = pauseMs;
    const delayMs = pauseMs / 2 + random.integer(pauseMs);
    this.#timers.set(
      index,
      clock.schedule(delayMs, () => {
        this.#timers.delete(index);
        void this.#call(index);
      }),
    );
  }

  #tellUp(index: number, how: string): void {
    const { log, name, onUp } = this.#parts;
    log.info('a connection of a link is there', { peer: name, lane: index, how });
    for (const go of this.#waiting) go();
    onUp();
  }

  #untilUp(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.#waiting.delete(end);
        for (const one of [signal, this.#abort.signal]) one.removeEventListener('abort', end);
        resolve();
      };
      this.#waiting.add(end);
      for (const one of [signal, this.#abort.signal]) one.addEventListener('abort', end, { once: true });
    });
  }
}
