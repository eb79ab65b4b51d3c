/**
 * Back-end L: hosts are addresses of loopback, and relays between them show censors what packets would say. It is
 * approximate: there is no loss, TCP is the machine's own, datagrams of programs do not go through it, and nothing
 * keeps a program from going elsewhere.
 */
import type { Rule } from '../censor/rules.ts';
import { CensorSet } from '../network/censors.ts';
import { EVENTS_MAX, type Lab, type LabHost } from '../network/lab.ts';
import type { Counts, NameServerSettings, ResolveAnswer } from '../network/messages.ts';
import type { LabEvent, Traffic } from '../network/router.ts';
import { crossingOf, type HostSpec, NATION, type Place } from '../network/topology.ts';
import { Pipe } from '../shape/pipe.ts';
import { type BorderProfile, ZONES, zoneLine } from '../shape/profiles.ts';
import { LabError } from '../workers/calls.ts';
import { LoopbackHost, type LoopbackNetwork } from './loopback-host.ts';
import { askNames } from './names.ts';
import { Wire } from './wire.ts';

export class LoopbackLab implements Lab, LoopbackNetwork {
  readonly backend = 'loopback';
  readonly #specs: readonly HostSpec[];
  readonly #hosts: ReadonlyMap<string, LoopbackHost>;
  readonly #lines = new Map<string, Pipe>();
  readonly #wires = new Map<string, { readonly wire: Wire; readonly from: HostSpec; readonly to: HostSpec }>();
  readonly #censors: CensorSet;
  readonly #events: LabEvent[] = [];
  readonly #listeners: ((event: LabEvent) => void)[] = [];
  readonly #traffic = new Map<string, { -readonly [key in keyof Traffic]: number }>();
  readonly #zones = new Map<string, NameServerSettings>();
  readonly #resolvers = new Map<string, string>();
  readonly #entries = new Map<string, ReadonlyMap<string, string>>();

  constructor(hosts: readonly HostSpec[]) {
    this.#specs = hosts;
    this.#hosts = new Map(hosts.map((spec) => [spec.name, new LoopbackHost(spec, this)]));
    this.#censors = new CensorSet({ random: () => Math.random() }, (event) => this.#hear(event));
    for (const { name } of hosts) {
      this.#traffic.set(name, { sentBytes: 0, sentPackets: 0, receivedBytes: 0, receivedPackets: 0 });
    }
    this.#setLines('calm');
  }

  get events(): readonly LabEvent[] {
    return this.#events;
  }

  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new LabError(`the lab has no host "${name}"`);
    return host;
  }

  setBorder(profile: BorderProfile): Promise<void> {
    this.#setLines(profile);
    return Promise.resolve();
  }

  setCensor(name: string, rule: Rule | undefined, place: Place = NATION): Promise<void> {
    this.#censors.set(name, rule, place);
    return Promise.resolve();
  }

  /** Opens a way to the port from every other host. */
  async publish(name: string, port: number): Promise<void> {
    const to = this.#specOf(name);
    const real = this.host(name).portOf(port);
    for (const from of this.#specs) {
      const key = `${from.name} ${name} ${port}`;
      if (from === to || this.#wires.has(key)) continue;
      const wire = await Wire.open({
        from,
        to,
        port,
        listen: { host: this.addressOf(name, from.name), port: real },
        target: { host: this.addressOf(name, name), port: real },
        censors: this.#censors,
        pipe: (source, destination) => this.#line(source, destination),
        onBytes: (source, destination, sizeBytes) => this.#count(source, destination, sizeBytes),
      });
      this.#wires.set(key, { wire, from, to });
    }
  }

  namesFor(
    host: string,
    places: readonly { readonly name: string; readonly port: number }[],
  ): ReadonlyMap<string, string> {
    return new Map(
      places.flatMap(({ name, port }) => {
        const address = this.lookUp(host, name);
        const real = port < 1_024 ? port + 20_000 : port;
        return address === undefined ? [] : [[`${name}:${port}`, `${address}:${real}`] as const];
      }),
    );
  }

  sever(place: Place): Promise<void> {
    for (const { wire, from, to } of this.#wires.values()) {
      if (crossingOf(place, from.zone, to.zone) !== undefined) wire.sever();
    }
    return Promise.resolve();
  }

  onEvent(listener: (event: LabEvent) => void): void {
    this.#listeners.push(listener);
  }

  count(): Promise<Counts> {
    const lost = { loss: 0, queue: 0, cut: 0, unreadable: 0 };
    return Promise.resolve({ traffic: this.#traffic, foreign: [], lost });
  }

  async close(): Promise<void> {
    for (const { wire } of this.#wires.values()) wire.close();
    await Promise.all([...this.#hosts.values()].map((host) => host.close()));
  }

  /** 127.77.TO.FROM, both counted from one. */
  addressOf(to: string, from: string): string {
    const numberOf = (name: string): number => 1 + this.#specs.indexOf(this.#specOf(name));
    return `127.77.${numberOf(to)}.${numberOf(from)}`;
  }

  async resolve(from: string, name: string, server: string, waitMs: number): Promise<ResolveAnswer> {
    const answers = this.#ask(from, name, server).filter((one) => one.ms <= waitMs);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    return { answers };
  }

  setNames(host: string, settings: NameServerSettings): void {
    this.#zones.set(host, settings);
  }

  setResolver(host: string, text: string): void {
    this.#resolvers.set(host, /nameserver (\S+)/.exec(text)?.[1] ?? '');
  }

  setHosts(host: string, entries: readonly { readonly name: string; readonly address: string }[]): void {
    this.#entries.set(host, new Map(entries.map(({ name, address }) => [name, address])));
  }

  /** As a program would learn it; an address of nobody stays what it is. */
  lookUp(host: string, name: string): string | undefined {
    const entry = this.#entries.get(host)?.get(name);
    const [first] = entry === undefined ? this.#ask(host, name, this.#resolvers.get(host) ?? '') : [];
    const address = entry ?? first?.addresses[0];
    const to = address === undefined ? undefined : this.#specAt(address);
    return to === undefined ? address : this.addressOf(to.name, host);
  }

  #ask(host: string, name: string, server: string): ResolveAnswer['answers'] {
    const spec = this.#specAt(server);
    if (spec === undefined) return [];
    return askNames({
      from: this.#specOf(host),
      server: spec,
      name,
      now: performance.now(),
      delayMs: (from, to) => this.#line(from, to).delayMs,
      hostAt: (address) => this.#specAt(address),
      zoneOf: (one) => this.#zones.get(one),
      censors: this.#censors,
    });
  }

  #specOf(name: string): HostSpec {
    const spec = this.#specs.find((one) => one.name === name);
    if (spec === undefined) throw new LabError(`the lab has no host "${name}"`);
    return spec;
  }

  #specAt(address: string): HostSpec | undefined {
    return this.#specs.find((one) => one.addresses.includes(address));
  }

  #line(from: HostSpec, to: HostSpec): Pipe {
    return this.#lines.get(`${from.zone} ${to.zone}`) ?? new Pipe({ delayMs: 0 });
  }

  #setLines(profile: BorderProfile): void {
    for (const from of ZONES) {
      for (const to of ZONES) {
        const { delayMs, kbps, isCut } = zoneLine(from, to, profile);
        // A queue that overflows would lose what TCP never sees.
        const settings = { delayMs, queueMs: Infinity, ...(kbps !== undefined && { kbps }) };
        const whole = { ...settings, isCut: isCut === true };
        const line = this.#lines.get(`${from} ${to}`);
        if (line === undefined) this.#lines.set(`${from} ${to}`, new Pipe(whole));
        else line.set(whole);
      }
    }
  }

  #count(from: string, to: string, sizeBytes: number): void {
    const [source, destination] = [this.#traffic.get(from), this.#traffic.get(to)];
    if (source === undefined || destination === undefined) return;
    source.sentBytes += sizeBytes;
    source.sentPackets += 1;
    destination.receivedBytes += sizeBytes;
    destination.receivedPackets += 1;
  }

  #hear(event: LabEvent): void {
    const told = { ...event, at: Date.now() };
    if (this.#events.length >= EVENTS_MAX) this.#events.shift();
    this.#events.push(told);
    for (const listener of this.#listeners) listener(told);
  }
}
