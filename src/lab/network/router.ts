/** The network between the hosts, as one function of packets and time: lines, censors, and what is counted. Pure. */
import { Heap } from '../../lib/heap.ts';
import type { Injection, ProbeWish, Tools } from '../censor/censor.ts';
import type { Rule } from '../censor/rules.ts';
import { Prefixes } from '../packet/address.ts';
import { fillChecksums, type Packet, parsePacket } from '../packet/packet.ts';
import { Pipe, type PipeSettings } from '../shape/pipe.ts';
import { type BorderProfile, ZONES, zoneLine } from '../shape/profiles.ts';
import { CensorSet, type Passing } from './censors.ts';
import { Connections } from './connections.ts';
import { crossingOf, FORGED, type HostSpec, type Place } from './topology.ts';

/** Something that a censor did. */
export interface LabEvent {
  readonly at: number;
  /** The name under which the rule was switched on. */
  readonly censor: string;
  readonly action: 'pass' | 'drop';
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  readonly injected: number;
  readonly score?: number;
  readonly probe?: ProbeWish;
}

export interface Traffic {
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
}

/** A packet to an address that nobody of the lab has. */
export interface Foreign {
  readonly from: string;
  readonly destination: string;
  readonly port: number;
  readonly count: number;
}

export interface Delivery {
  readonly host: string;
  readonly bytes: Uint8Array;
}

interface Journey {
  readonly at: number;
  readonly order: number;
  readonly bytes: Uint8Array;
  readonly host: string;
  readonly rest: readonly Pipe[];
}

/** What anybody may look at of the packets, genuine and forged. */
type Watch = (bytes: Uint8Array, now: number) => void;

/** A host that asks everybody is told of by this many of its destinations. */
const FOREIGN_MAX = 1_000;

export class Router {
  readonly #hosts: ReadonlyMap<string, HostSpec>;
  readonly #names: ReadonlyMap<string, HostSpec>;
  readonly #tools: Tools;
  readonly #lines = new Map<string, Pipe>();
  readonly #devices = new Map<string, { readonly up: Pipe; readonly down: Pipe }>();
  readonly #censors: CensorSet;
  readonly #journeys = new Heap<Journey>((left, right) => left.at - right.at || left.order - right.order);
  readonly #traffic = new Map<string, { -readonly [key in keyof Traffic]: number }>();
  readonly #foreign = new Map<string, Foreign>();
  readonly #connections = new Connections();
  readonly #forged = new Prefixes(FORGED);
  readonly #lost = { loss: 0, queue: 0, cut: 0, unreadable: 0 };
  #watch: Watch | undefined;
  #order = 0;

  constructor(hosts: readonly HostSpec[], tools: Tools, onEvent: (event: LabEvent) => void) {
    this.#names = new Map(hosts.map((one) => [one.name, one]));
    this.#hosts = new Map(hosts.flatMap((one) => one.addresses.map((address) => [address, one] as const)));
    this.#tools = tools;
    this.#censors = new CensorSet(tools, onEvent);
    for (const one of hosts) {
      this.#traffic.set(one.name, { sentBytes: 0, sentPackets: 0, receivedBytes: 0, receivedPackets: 0 });
    }
    this.setBorder('calm');
  }

  /** Sets the lines between zones to those of an hour. */
  setBorder(profile: BorderProfile): void {
    for (const from of ZONES) {
      for (const to of ZONES) {
        const settings = zoneLine(from, to, profile);
        const line = this.#lines.get(`${from} ${to}`);
        if (line === undefined) this.#lines.set(`${from} ${to}`, new Pipe(settings));
        else line.set(settings);
      }
    }
  }

  /** Gives a host a line of its own, in front of its zone. */
  setDevice(host: string, settings: PipeSettings | undefined): void {
    if (settings === undefined) this.#devices.delete(host);
    else this.#devices.set(host, { up: new Pipe(settings), down: new Pipe(settings) });
  }

  /** Switches a rule on under a name; a name that is in use gets the new rule, and an empty memory. */
  setCensor(name: string, rule: Rule | undefined, place: Place): void {
    this.#censors.set(name, rule, place);
  }

  /** Ends every TCP connection that crosses the line around a place. */
  sever(place: Place, now: number): void {
    const resets = this.#connections.sever((source, destination) => {
      const from = this.#hosts.get(source)?.zone;
      const to = this.#hosts.get(destination)?.zone;
      return from !== undefined && to !== undefined && crossingOf(place, from, to) !== undefined;
    });
    for (const { destination, bytes } of resets) {
      const host = this.#hosts.get(destination)?.name;
      if (host !== undefined) this.#push({ at: now, order: 0, bytes, host, rest: [] });
    }
  }

  watch(watch: Watch | undefined): void {
    this.#watch = watch;
  }

  get traffic(): ReadonlyMap<string, Traffic> {
    return this.#traffic;
  }

  get foreign(): readonly Foreign[] {
    return [...this.#foreign.values()];
  }

  get lost(): Readonly<Record<'loss' | 'queue' | 'cut' | 'unreadable', number>> {
    return this.#lost;
  }

  /** When something is to be done next; `undefined` when nothing is on its way. */
  get nextAt(): number | undefined {
    return this.#journeys.first?.at;
  }

  /** Takes a packet from a host. The bytes become the router's own. */
  take(bytes: Uint8Array, from: string, now: number): void {
    fillChecksums(bytes);
    const packet = parsePacket(bytes);
    const source = this.#names.get(from);
    if (packet === undefined || source === undefined) {
      this.#lost.unreadable += 1;
      return;
    }
    if (isLocal(packet.destination)) return;
    this.#count(from, 'sent', bytes.length);
    this.#connections.take(packet);
    this.#watch?.(bytes, now);
    const destination = this.#hosts.get(packet.destination);
    if (destination === undefined) this.#countForeign(from, packet);
    else this.#forward({ bytes, packet, source, destination, now });
  }

  /** What arrives by now. */
  due(now: number): Delivery[] {
    const deliveries: Delivery[] = [];
    for (let next = this.#journeys.first; next !== undefined && next.at <= now; next = this.#journeys.first) {
      this.#journeys.pop();
      const [pipe, ...rest] = next.rest;
      if (pipe !== undefined) this.#send({ ...next, rest }, pipe, next.at);
      else {
        this.#count(next.host, 'received', next.bytes.length);
        deliveries.push({ host: next.host, bytes: next.bytes });
      }
    }
    return deliveries;
  }

  #forward(trip: Trip): void {
    const { bytes, source, destination, now } = trip;
    const path = this.#path(source, destination);
    const judgement = this.#censors.judge(trip);
    for (const injection of judgement.inject) this.#inject(injection, trip, path);
    if (judgement.isDropped) return;
    const [first, ...rest] = path;
    const journey = { at: 0, order: 0, bytes, host: destination.name, rest };
    if (first !== undefined) this.#send(journey, first, now + judgement.delayMs);
  }

  /** What is forged knows no queue and no loss, and comes before what it was forged for. */
  #inject({ bytes, depth }: Injection, { packet, source, now }: Trip, path: readonly Pipe[]): void {
    const forged = parsePacket(bytes);
    const host = forged === undefined ? undefined : this.#hosts.get(forged.destination);
    if (forged === undefined || host === undefined) return;
    const delayMs = path.reduce((total, pipe) => total + pipe.delayMs, 0);
    const isBack = forged.destination === packet.source && host === source;
    const at = now + Math.max(0, isBack ? 2 * depth * delayMs : delayMs - 1);
    this.#watch?.(bytes, now);
    this.#push({ at, order: 0, bytes, host: host.name, rest: [] });
  }

  #path(source: HostSpec, destination: HostSpec): Pipe[] {
    const line = this.#lines.get(`${source.zone} ${destination.zone}`);
    const up = this.#devices.get(source.name)?.up;
    const down = this.#devices.get(destination.name)?.down;
    return [up, line, down].filter((one) => one !== undefined);
  }

  #send(journey: Journey, pipe: Pipe, now: number): void {
    const passage = pipe.offer(now, journey.bytes.length, this.#tools.random());
    if (passage.kind === 'arrives') this.#push({ ...journey, at: passage.at });
    else this.#lost[passage.kind] += 1;
  }

  #push(journey: Journey): void {
    this.#order += 1;
    this.#journeys.push({ ...journey, order: this.#order });
  }

  #count(host: string, way: 'sent' | 'received', sizeBytes: number): void {
    const traffic = this.#traffic.get(host);
    if (traffic === undefined) return;
    traffic[`${way}Bytes`] += sizeBytes;
    traffic[`${way}Packets`] += 1;
  }

  #countForeign(from: string, { destination, destinationPort: port }: Packet): void {
    // Whoever was lied to goes where the lie led: that is nobody's choice of a third party.
    if (this.#forged.has(destination)) return;
    const key = `${from} ${destination} ${port}`;
    const count = (this.#foreign.get(key)?.count ?? 0) + 1;
    if (count > 1 || this.#foreign.size < FOREIGN_MAX) this.#foreign.set(key, { from, destination, port, count });
  }
}

interface Trip extends Passing {
  readonly bytes: Uint8Array;
}

/** Multicast, and addresses of one line: a kernel greets its neighbours, and there are none. */
function isLocal(address: string): boolean {
  return /^(?:ff|fe[89ab])[0-9a-f]*:|^2(?:2[4-9]|3\d)\.|^255\.|^169\.254\./.test(address);
}
