/** A sender, its disk, its clock, and the servers it sends to: each a script that a test changes as it goes. */
import assert from 'node:assert/strict';
import { FakeClock } from '../../../src/adapters/clock/fake-clock.ts';
import { present } from '../../../src/lib/assert.ts';
import { parseServerName, type ServerName } from '../../../src/matrix/ids.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { Metrics } from '../../../src/ports/metrics.ts';
import type { EventNumber, RoomNumber, StreamPosition } from '../../../src/ports/store/index.ts';
import type { Context } from '../../../src/server/context.ts';
import {
  Outbound,
  type OutboundTransaction,
  type TransactionAnswer,
} from '../../../src/server/federation/outbound/index.ts';
import { Stream } from '../../../src/server/stream/index.ts';
import { ModelStore } from './model-store.ts';

export const RETRY = { initialMs: 1000, maxMs: 3_600_000 };
const OWN_NAME = name('own.example');
/** What a server that is not there costs. */
const CONNECT_MS = 10_000;
/** What a server costs that does not answer. */
const ANSWER_MS = 60_000;

export function name(text: string): ServerName {
  return present(parseServerName(text), 'a server name');
}

/** How a server behaves. */
export type Mode =
  | 'up'
  /** Nobody answers, and it takes its time. */
  | 'down'
  /** It lets itself be connected to, and says nothing. */
  | 'silent'
  /** It takes what comes, and its answer is lost. */
  | 'mute'
  /** It answers with what `refuse` says. */
  | 'picky';

/** A server at the other end. */
export class Peer {
  readonly server: ServerName;
  mode: Mode = 'up';
  latencyMs = 20;
  /** For `picky`: the answer to a transaction, or `undefined` to take it. */
  refuse: (transaction: OutboundTransaction) => TransactionAnswer | undefined = () => undefined;
  /** Transactions that it took, each id once, as a server that follows the specification does. */
  readonly taken: OutboundTransaction[] = [];
  readonly #ids = new Set<string>();
  /** Everything that was tried. */
  readonly tried: { at: number; transaction: OutboundTransaction; lane: string }[] = [];
  /** When each event was first taken. */
  readonly takenAt = new Map<string, number>();
  inFlight = 0;

  constructor(server: ServerName) {
    this.server = server;
  }

  get pdus(): string[] {
    return this.taken.flatMap((one) => one.pdus);
  }

  get edus(): string[] {
    return this.taken.flatMap((one) => one.edus);
  }

  take(transaction: OutboundTransaction, now: number): void {
    assert.ok(transaction.pdus.length <= 50 && transaction.edus.length <= 100, 'the limits of a transaction');
    if (this.#ids.has(transaction.id)) return;
    this.#ids.add(transaction.id);
    this.taken.push(transaction);
    for (const pdu of transaction.pdus) if (!this.takenAt.has(pdu)) this.takenAt.set(pdu, now);
  }
}

const silent: Log = {
  child: () => silent,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Numbers that can be asked for. */
class Gauges implements Metrics {
  readonly read = new Map<string, () => number>();
  readonly counts = new Map<string, number>();

  counter(counter: string): { add: (amount: number, ...labels: string[]) => void } {
    return {
      add: (amount, ...labels) => {
        const key = [counter, ...labels].join(' ');
        this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
      },
    };
  }

  histogram(): { observe: () => void } {
    return { observe: () => undefined };
  }

  gauge(gauge: string, _help: string, read: () => number): void {
    this.read.set(gauge, read);
  }

  render(): Promise<string> {
    return Promise.resolve('');
  }
}

export class World {
  readonly disk = new ModelStore();
  readonly clock = new FakeClock();
  readonly peers = new Map<ServerName, Peer>();
  readonly errors: string[] = [];
  metrics = new Gauges();
  stream = new Stream();
  context: Context;
  outbound: Outbound;
  #runs = 0;

  constructor() {
    this.context = this.#makeContext();
    this.outbound = this.#make();
  }

  /** What an in-process gauge says now. */
  gauge(which: 'active_destinations' | 'sleeping_destinations' | 'queued_events'): number {
    return present(this.metrics.read.get(`postern_federation_${which}`), 'the gauge')();
  }

  peer(text: string): Peer {
    const server = name(text);
    let peer = this.peers.get(server);
    if (peer === undefined) this.peers.set(server, (peer = new Peer(server)));
    return peer;
  }

  async start(): Promise<void> {
    await this.outbound.start();
    await this.settle();
  }

  /** The process ends without warning, and another begins. */
  async crash(): Promise<void> {
    this.disk.cut();
    await this.outbound.close().catch(() => undefined);
    await this.#restart();
  }

  /** The process ends as it should, and another begins. */
  async restart(): Promise<void> {
    await this.outbound.close();
    await this.#restart();
  }

  async #restart(): Promise<void> {
    this.stream = new Stream();
    this.metrics = new Gauges();
    this.context = this.#makeContext();
    this.outbound = this.#make();
    await this.start();
  }

  /** Servers join a room. */
  async join(room: number, ...peers: readonly Peer[]): Promise<void> {
    await this.disk.transact((one) => {
      for (const { server } of peers) one.federation.addRoomServer(room as RoomNumber, server);
    });
  }

  async leave(room: number, peer: Peer): Promise<void> {
    await this.disk.transact((one) => one.federation.removeRoomServer(room as RoomNumber, peer.server));
  }

  /** Sends an event in a room; gives its JSON. */
  async say(room: number, options: { also?: Peer; isForeign?: boolean; body?: string } = {}): Promise<string> {
    const number = room as RoomNumber;
    const { body = '' } = options;
    const event = this.disk.addEvent(number, (id) => `{"id":${id},"room":${room}${body}}`);
    await this.disk.transact((one) => {
      const { position } = one;
      if (options.isForeign !== true) one.federation.putOutboundEvent(number, event, options.also?.server);
      one.onCommit(() => this.#news(number, { event, position }));
    });
    return present(this.disk.events.get(event), 'the event').json;
  }

  #news(room: RoomNumber, { event, position }: { event: EventNumber; position: StreamPosition }): void {
    this.disk.extremities.set(room, [event]);
    this.stream.publish({ kind: 'event', position, room, event });
  }

  /** Queues an EDU that must not be lost. */
  async queueEdu(peer: Peer, json: string): Promise<void> {
    await this.disk.transact((one) => {
      one.federation.putOutboundEdu(peer.server, json);
      one.onCommit(() => this.stream.publish({ kind: 'outbound-edu', server: peer.server }));
    });
  }

  /** Lets everything happen that waits for no clock. */
  async settle(): Promise<void> {
    for (let still = 0; still < 4; still += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.disk.busy > 0) still = -1;
    }
  }

  /** Moves time on step by step, so that what one moment starts is there in the next. */
  async pass(ms: number, stepMs = Math.max(10, Math.ceil(ms / 200))): Promise<void> {
    await this.settle();
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left));
      await this.settle();
    }
  }

  #makeContext(): Context {
    this.#runs += 1;
    const run = this.#runs;
    let random = run;
    return {
      serverName: OWN_NAME,
      store: this.disk.open(),
      clock: this.clock,
      random: {
        bytes: (count) => new Uint8Array(count).fill(run),
        token: (length) => String(run).padStart(length, 'x'),
        integer: (below) => (random = (random * 16_807) % 2_147_483_647) % below,
      },
      crypto: undefined as never,
      log: { ...silent, error: (message, cause) => void this.errors.push(`${message}: ${String(cause)}`) },
      metrics: this.metrics,
      stream: this.stream,
    };
  }

  #make(): Outbound {
    return new Outbound(this.context, {
      retry: RETRY,
      send: (server, transaction, { lane, signal }) => this.#deliver(this.peer(server), { transaction, lane, signal }),
    });
  }

  #deliver(
    peer: Peer,
    { transaction, lane, signal }: { transaction: OutboundTransaction; lane: string; signal: AbortSignal },
  ): Promise<TransactionAnswer> {
    peer.tried.push({ at: this.clock.now(), transaction, lane });
    peer.inFlight += 1;
    assert.equal(peer.inFlight, 1, 'one transaction at a time');
    const waitMs = { down: CONNECT_MS, silent: ANSWER_MS, up: 0, mute: 0, picky: 0 }[peer.mode] || peer.latencyMs;
    return new Promise((resolve) => {
      let isFinished = false;
      const finish = (answer: TransactionAnswer): void => {
        if (isFinished) return;
        isFinished = true;
        timer.cancel();
        peer.inFlight -= 1;
        resolve(answer);
      };
      const timer = this.clock.schedule(waitMs, () => finish(this.#answer(peer, transaction)));
      signal.addEventListener('abort', () => finish({ kind: 'unreachable', why: 'cancelled' }), { once: true });
    });
  }

  #answer(peer: Peer, transaction: OutboundTransaction): TransactionAnswer {
    if (peer.mode === 'down') return { kind: 'unreachable', why: 'no connection' };
    if (peer.mode === 'silent') return { kind: 'unreachable', why: 'timed out' };
    if (peer.mode === 'picky') {
      const refusal = peer.refuse(transaction);
      if (refusal !== undefined) return refusal;
    }
    peer.take(transaction, this.clock.now());
    return peer.mode === 'mute' ? { kind: 'unreachable', why: 'timed out' } : { kind: 'accepted', failedPdus: 0 };
  }
}
