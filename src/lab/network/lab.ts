/** What a scenario works with, whatever carries the packets. */
import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Rule } from '../censor/rules.ts';
import type { PipeSettings } from '../shape/pipe.ts';
import type { BorderProfile, DeviceProfile } from '../shape/profiles.ts';
import type {
  AgentCommand,
  CountAnswer,
  Counts,
  FetchAnswer,
  NameServerSettings,
  ResolveAnswer,
  SayAnswer,
} from './messages.ts';
import type { LabEvent } from './router.ts';
import type { HostSpec, Place } from './topology.ts';

export interface SpawnOptions {
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A program and its arguments, as they are started so that they run on a host. */
export interface HostCommand {
  readonly program: string;
  readonly arguments: readonly string[];
}

export interface LabHost extends HostSpec {
  /** Its first IPv4 address, as `from` reaches it. */
  addressFrom(from: string): string;
  /** A port of it, as others reach it and as its own program opens it: low ones may not be had. */
  portOf(port: number): number;
  /** Where a program on it listens so that others reach it. */
  readonly listenAddress: string;
  /** Puts a program behind what is needed for it to run here. */
  command(program: string, ...options: readonly string[]): HostCommand;
  spawn(program: string, options: readonly string[], how?: SpawnOptions): ChildProcess;
  fetch(url: string, options?: Omit<Extract<AgentCommand, { do: 'fetch' }>, 'do' | 'url'>): Promise<FetchAnswer>;
  resolve(name: string, server: string, waitMs: number): Promise<ResolveAnswer>;
  say(options: Omit<Extract<AgentCommand, { do: 'say' }>, 'do'>): Promise<SayAnswer>;
  /** What its programs find in `/etc/resolv.conf`. */
  resolvConf(text: string): void;
  /** What its programs find in `/etc/hosts` besides its own names. */
  hosts(entries: readonly { readonly name: string; readonly address: string }[]): void;
  /** Starts a name server here, or tells the one that runs here something new. */
  nameServer(settings: NameServerSettings): Promise<void>;
  /** Its own line to the network. */
  line(settings: DeviceProfile | PipeSettings): Promise<void>;
  /** Counts datagrams that come to a port of it. */
  countDatagrams(port: number, waitMs: number): Promise<CountAnswer>;
  /** Sends datagrams at a rate. */
  blast(options: Omit<Extract<AgentCommand, { do: 'blast' }>, 'do'>): Promise<CountAnswer>;
}

export interface Lab {
  /** `loopback` is approximate: no loss, no TCP of its own. */
  readonly backend: 'namespaces' | 'loopback';
  host(name: string): LabHost;
  setBorder(profile: BorderProfile): Promise<void>;
  /** Switches a rule on under a name, or off without a rule. */
  setCensor(name: string, rule: Rule | undefined, place?: Place): Promise<void>;
  /** Says that a program of a host listens on a port. */
  publish(host: string, port: number): Promise<void>;
  /**
   * Names as programs of a host must be told of them, `address:port` for each `name:port`; `undefined` where they ask a
   * name server.
   */
  namesFor(
    host: string,
    places: readonly { readonly name: string; readonly port: number }[],
  ): ReadonlyMap<string, string> | undefined;
  /** Ends every TCP connection that crosses the line around a place. */
  sever(place: Place): Promise<void>;
  /** What censors did since the start, oldest first; the oldest are forgotten when they are too many. */
  readonly events: readonly LabEvent[];
  /** Is told of each event as it comes. */
  onEvent(listener: (event: LabEvent) => void): void;
  count(): Promise<Counts>;
  /** Ends everything that runs in it. */
  close(): Promise<void>;
}

/** How many events are kept. */
export const EVENTS_MAX = 20_000;
