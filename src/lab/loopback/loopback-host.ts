/** A host that is only addresses of loopback: its own, and one for each other host that wants to reach it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostCommand, LabHost, SpawnOptions } from '../network/lab.ts';
import type {
  AgentCommand,
  CountAnswer,
  FetchAnswer,
  NameServerSettings,
  ResolveAnswer,
  SayAnswer,
} from '../network/messages.ts';
import type { HostSpec } from '../network/topology.ts';
import { Agent, workerFile } from '../workers/agent.ts';
import { endAll, LabError } from '../workers/calls.ts';
import type { Zone } from '../shape/profiles.ts';

/** What a host asks of the lab that it is in. */
export interface LoopbackNetwork {
  addressOf(to: string, from: string): string;
  resolve(from: string, name: string, server: string, waitMs: number): Promise<ResolveAnswer>;
  setNames(host: string, settings: NameServerSettings): void;
  setResolver(host: string, text: string): void;
  setHosts(host: string, entries: readonly { readonly name: string; readonly address: string }[]): void;
  /** The address to which a name leads for programs of a host. */
  lookUp(host: string, name: string): string | undefined;
}

/** Ports that only a superuser may open move up by this. */
const LOW_PORT_OFFSET = 20_000;
const LOW_PORTS_END = 1_024;

export class LoopbackHost implements LabHost {
  readonly name: string;
  readonly zone: Zone;
  readonly addresses: readonly string[];
  readonly #network: LoopbackNetwork;
  readonly #agent: Agent;
  readonly #children = new Set<ChildProcess>();

  constructor(spec: HostSpec, network: LoopbackNetwork) {
    this.name = spec.name;
    this.zone = spec.zone;
    this.addresses = spec.addresses;
    this.#network = network;
    this.#agent = new Agent(() => this.#startAgent());
  }

  get listenAddress(): string {
    return this.#network.addressOf(this.name, this.name);
  }

  addressFrom(from: string): string {
    return this.#network.addressOf(this.name, from);
  }

  portOf(port: number): number {
    return port < LOW_PORTS_END ? port + LOW_PORT_OFFSET : port;
  }

  command(program: string, ...options: readonly string[]): HostCommand {
    return { program, arguments: options };
  }

  spawn(program: string, options: readonly string[], how: SpawnOptions = {}): ChildProcess {
    const { cwd, stdio = ['ignore', 'ignore', 'inherit'], environment = {} } = how;
    const plain = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'));
    const env = { ...Object.fromEntries(plain), ...environment };
    const child = spawn(program, options, { stdio, env, serialization: 'advanced', ...(cwd !== undefined && { cwd }) });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  fetch(url: string, options: Omit<Extract<AgentCommand, { do: 'fetch' }>, 'do' | 'url'> = {}): Promise<FetchAnswer> {
    const where = new URL(url);
    const address = options.address ?? this.#network.lookUp(this.name, where.hostname);
    const named = address === undefined ? {} : { address };
    return this.#agent.ask({ do: 'fetch', url, ...options, ...named }, (one) => 'status' in one);
  }

  resolve(name: string, server: string, waitMs: number): Promise<ResolveAnswer> {
    return this.#network.resolve(this.name, name, server, waitMs);
  }

  say(options: Omit<Extract<AgentCommand, { do: 'say' }>, 'do'>): Promise<SayAnswer> {
    return this.#agent.ask({ do: 'say', ...options }, (one) => 'end' in one);
  }

  resolvConf(text: string): void {
    this.#network.setResolver(this.name, text);
  }

  hosts(entries: readonly { readonly name: string; readonly address: string }[]): void {
    this.#network.setHosts(this.name, entries);
  }

  nameServer(settings: NameServerSettings): Promise<void> {
    this.#network.setNames(this.name, settings);
    return Promise.resolve();
  }

  line(): Promise<void> {
    return Promise.reject(new LabError('a device has no line of its own on loopback'));
  }

  countDatagrams(): Promise<CountAnswer> {
    return Promise.reject(new LabError('datagrams do not go through the lab on loopback'));
  }

  blast(): Promise<CountAnswer> {
    return this.countDatagrams();
  }

  /** Ends what runs here. */
  async close(): Promise<void> {
    await endAll(this.#children);
  }

  #startAgent(): ChildProcess {
    const options = [...process.execArgv, fileURLToPath(workerFile('agent-worker'))];
    return this.spawn(process.execPath, options, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  }
}
