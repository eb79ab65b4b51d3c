/** The way from one host to a port of another without packets: a relay that shows censors what packets would say. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { CensorSet } from '../network/censors.ts';
import type { HostSpec } from '../network/topology.ts';
import { parsePacket, writeTcp } from '../packet/packet.ts';
import type { Pipe } from '../shape/pipe.ts';

export interface WireOptions {
  readonly from: HostSpec;
  readonly to: HostSpec;
  /** The port as the layout has it, which censors see. */
  readonly port: number;
  readonly listen: { readonly host: string; readonly port: number };
  readonly target: { readonly host: string; readonly port: number };
  readonly censors: CensorSet;
  /** The line in each direction, asked for each time: it may change. */
  readonly pipe: (from: HostSpec, to: HostSpec) => Pipe;
  readonly onBytes: (from: string, to: string, sizeBytes: number) => void;
}

/** What a kernel would send at once. */
const SEGMENT_BYTES = 1_400;
/** After these pauses a kernel sends again what is not acknowledged. */
const REPEATS_MS = [1_000, 2_000, 4_000, 8_000, 16_000];
/** So much may be on its way before the sender has to wait. */
const WINDOW_BYTES = 1_048_576;

export class Wire {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(options: WireOptions): Promise<Wire> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const wire = new Wire(server);
    server.on('connection', (client) => {
      const pair = new Pair(client, options, () => wire.#pairs.delete(pair));
      wire.#pairs.add(pair);
      void pair.run();
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.listen, resolve);
    });
    return wire;
  }

  /** Ends every connection, as a reset does. */
  sever(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  close(): void {
    this.#server.close();
    this.sever();
  }
}

/** One connection. */
class Pair {
  readonly #client: Socket;
  readonly #options: WireOptions;
  readonly #onEnd: () => void;
  readonly #clientPort: number;
  #server: Socket | undefined;
  #sequences = { client: 1_000, server: 5_000 };
  #isOver = false;

  constructor(client: Socket, options: WireOptions, onEnd: () => void) {
    this.#client = client;
    this.#options = options;
    this.#onEnd = onEnd;
    this.#clientPort = client.remotePort ?? 0;
    client.on('error', () => this.reset());
    client.on('close', () => this.#end());
  }

  async run(): Promise<void> {
    if (!(await this.#pass('client', new Uint8Array(), true))) return;
    const { from, to, pipe, target } = this.#options;
    // A connection stands when the answer to the first packet has come back.
    await pause(pipe(from, to).delayMs + pipe(to, from).delayMs);
    if (this.#isOver) return;
    const server = connect({ ...target, allowHalfOpen: true });
    this.#server = server;
    server.on('error', () => this.reset());
    this.#carry('client', this.#client, server);
    this.#carry('server', server, this.#client);
  }

  reset(): void {
    this.#end();
    this.#client.resetAndDestroy();
    this.#server?.destroy();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onEnd();
    if (!this.#client.destroyed && this.#client.readyState !== 'open') this.#server?.destroy();
  }

  /** Carries what one side says, piece by piece, each after the one before. */
  #carry(side: 'client' | 'server', source: Socket, sink: Socket): void {
    const outlet = new Outlet(sink);
    let waiting = 0;
    let chain = Promise.resolve();
    source.on('data', (chunk: Buffer) => {
      waiting += chunk.length;
      if (waiting > WINDOW_BYTES) source.pause();
      chain = chain.then(async () => {
        await this.#carryChunk(side, chunk, outlet);
        waiting -= chunk.length;
        if (waiting <= WINDOW_BYTES) source.resume();
      });
    });
    source.on('end', () => {
      chain = chain.then(async () => {
        outlet.put(undefined, performance.now() + this.#pipe(side).delayMs);
      });
    });
    source.resume();
  }

  async #carryChunk(side: 'client' | 'server', chunk: Buffer, outlet: Outlet): Promise<void> {
    for (let at = 0; at < chunk.length && !this.#isOver; at += SEGMENT_BYTES) {
      const segment = chunk.subarray(at, at + SEGMENT_BYTES);
      if (!(await this.#pass(side, segment, false))) return;
      const now = performance.now();
      // There is no loss here: what TCP makes of it is not to be had without TCP.
      const passage = this.#pipe(side).offer(now, segment.length + 40, 1);
      if (passage.kind === 'cut') await new Promise(() => undefined);
      outlet.put(segment, passage.kind === 'arrives' ? passage.at : now + this.#pipe(side).delayMs);
    }
  }

  /** Shows censors one packet, again and again where it is dropped. Whether it got through. */
  async #pass(side: 'client' | 'server', payload: Uint8Array, isStart: boolean): Promise<boolean> {
    for (const repeatMs of [...REPEATS_MS, undefined]) {
      const judgement = this.#judge(side, payload, isStart);
      if (judgement.inject.length > 0 && judgement.inject.some(({ bytes }) => parsePacket(bytes)?.tcp?.rst === true)) {
        const { from, to, pipe } = this.#options;
        await pause(2 * (judgement.inject[0]?.depth ?? 0) * pipe(from, to).delayMs);
        this.reset();
        return false;
      }
      if (!judgement.isDropped) {
        if (judgement.delayMs > 0) await pause(judgement.delayMs);
        this.#sequences[side] += payload.length;
        return !this.#isOver;
      }
      if (repeatMs === undefined || this.#isOver) return false;
      await pause(repeatMs);
    }
    return false;
  }

  #judge(side: 'client' | 'server', payload: Uint8Array, isStart: boolean) {
    const { from, to, port, censors, onBytes } = this.#options;
    const [source, destination] = side === 'client' ? [from, to] : [to, from];
    const ports = side === 'client' ? [this.#clientPort, port] : [port, this.#clientPort];
    const other = side === 'client' ? 'server' : 'client';
    const bytes = writeTcp({
      source: source.addresses[0] ?? '',
      destination: destination.addresses[0] ?? '',
      sourcePort: ports[0] ?? 0,
      destinationPort: ports[1] ?? 0,
      sequence: this.#sequences[side] - (isStart ? 1 : 0),
      acknowledgement: this.#sequences[other],
      flags: isStart ? ['syn'] : ['psh', 'ack'],
      payload,
    });
    const packet = parsePacket(bytes);
    if (packet === undefined) return { isDropped: true, delayMs: 0, inject: [] };
    onBytes(source.name, destination.name, bytes.length);
    return censors.judge({ packet, source, destination, now: performance.now() });
  }

  #pipe(side: 'client' | 'server'): Pipe {
    const { from, to, pipe } = this.#options;
    return side === 'client' ? pipe(from, to) : pipe(to, from);
  }
}

/** What is on its way to a socket: in order, whatever the timers do. */
class Outlet {
  readonly #sink: Socket;
  readonly #waiting: { readonly bytes: Buffer | undefined; readonly at: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(sink: Socket) {
    this.#sink = sink;
  }

  /** `undefined` is the end. */
  put(bytes: Buffer | undefined, at: number): void {
    this.#waiting.push({ bytes, at });
    this.#arm();
  }

  #arm(): void {
    const [first] = this.#waiting;
    if (first === undefined || this.#timer !== undefined) return;
    const waitMs = Math.max(0, first.at - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
    }, waitMs);
  }

  #flush(): void {
    const now = performance.now();
    const due = this.#waiting.findIndex((one) => one.at > now);
    for (const { bytes } of this.#waiting.splice(0, due === -1 ? this.#waiting.length : due)) {
      if (this.#sink.destroyed) continue;
      if (bytes === undefined) this.#sink.end();
      else if (this.#sink.writable) this.#sink.write(bytes);
    }
    this.#arm();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
