/** A host as a network namespace, with files of `/etc` of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
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
import type { PipeSettings } from '../shape/pipe.ts';
import { deviceLine, type DeviceProfile, type Zone } from '../shape/profiles.ts';
import { Agent, workerFile } from '../workers/agent.ts';
import { endAll, firstMessage, LabError } from '../workers/calls.ts';

/** A process that holds the mounts of a host; it ends when its input does. */
const ANCHOR =
  'mount --bind "$0/resolv.conf" /etc/resolv.conf; mount --bind "$0/hosts" /etc/hosts; echo ready; read end';

export class NamespaceHost implements LabHost {
  readonly name: string;
  readonly zone: Zone;
  readonly addresses: readonly string[];
  readonly #folder: string;
  readonly #anchor: ChildProcess;
  readonly #setLine: (settings: PipeSettings | undefined) => Promise<void>;
  readonly #agent: Agent;
  readonly #children = new Set<ChildProcess>();
  #nameServer: ChildProcess | undefined;

  private constructor(
    spec: HostSpec,
    { folder, anchor }: { folder: string; anchor: ChildProcess },
    setLine: (settings: PipeSettings | undefined) => Promise<void>,
  ) {
    this.name = spec.name;
    this.zone = spec.zone;
    this.addresses = spec.addresses;
    this.#folder = folder;
    this.#anchor = anchor;
    this.#setLine = setLine;
    this.#agent = new Agent(() => this.#fork('agent-worker', []));
  }

  /** Takes a namespace that is there into use. */
  static async open(
    spec: HostSpec,
    parent: string,
    setLine: (settings: PipeSettings | undefined) => Promise<void>,
  ): Promise<NamespaceHost> {
    const folder = path.join(parent, spec.name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'resolv.conf'), '');
    writeFileSync(path.join(folder, 'hosts'), hostsText(spec.name, []));
    const inner = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', ANCHOR, folder];
    const anchor = spawn('nsenter', [`--net=/run/netns/${spec.name}`, '--', ...inner], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(anchor, 'exit').then(() => {
      throw new LabError(`the host ${spec.name} could not be made`);
    });
    await Promise.race([once(anchor.stdout, 'data'), ended]);
    return new NamespaceHost(spec, { folder, anchor }, setLine);
  }

  addressFrom(): string {
    return this.listenAddress;
  }

  portOf(port: number): number {
    return port;
  }

  get listenAddress(): string {
    return this.addresses[0] ?? '';
  }

  command(program: string, ...options: readonly string[]): HostCommand {
    const target = String(this.#anchor.pid);
    return { program: 'nsenter', arguments: ['-t', target, '-n', '-m', '--', program, ...options] };
  }

  spawn(program: string, options: readonly string[], how: SpawnOptions = {}): ChildProcess {
    const { cwd = this.#folder, stdio = ['ignore', 'ignore', 'inherit'], environment = {} } = how;
    // Entering the mounts of a host would put the program into the root folder.
    const inner = this.command('sh', '-c', 'cd "$0" && exec "$@"', cwd, program, ...options);
    const env = { ...plainEnvironment(), ...environment };
    const child = spawn(inner.program, inner.arguments, { stdio, env, serialization: 'advanced' });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  fetch(url: string, options: Omit<Extract<AgentCommand, { do: 'fetch' }>, 'do' | 'url'> = {}): Promise<FetchAnswer> {
    return this.#agent.ask({ do: 'fetch', url, ...options }, (one) => 'status' in one);
  }

  resolve(name: string, server: string, waitMs: number): Promise<ResolveAnswer> {
    return this.#agent.ask({ do: 'resolve', name, server, waitMs }, (one) => 'answers' in one);
  }

  say(options: Omit<Extract<AgentCommand, { do: 'say' }>, 'do'>): Promise<SayAnswer> {
    return this.#agent.ask({ do: 'say', ...options }, (one) => 'end' in one);
  }

  resolvConf(text: string): void {
    // The same file, since the mount holds on to it.
    writeFileSync(path.join(this.#folder, 'resolv.conf'), text);
  }

  hosts(entries: readonly { readonly name: string; readonly address: string }[]): void {
    writeFileSync(path.join(this.#folder, 'hosts'), hostsText(this.name, entries));
  }

  async nameServer(settings: NameServerSettings): Promise<void> {
    if (this.#nameServer === undefined) this.#nameServer = this.#fork('name-server-worker', [JSON.stringify(settings)]);
    else this.#nameServer.send(settings);
    await firstMessage(this.#nameServer, `the name server of ${this.name}`);
  }

  line(line: DeviceProfile | PipeSettings): Promise<void> {
    return this.#setLine(typeof line === 'string' ? deviceLine(line) : line);
  }

  countDatagrams(port: number, waitMs: number): Promise<CountAnswer> {
    return this.#agent.ask({ do: 'count', port, waitMs }, (one) => 'packets' in one);
  }

  blast(options: Omit<Extract<AgentCommand, { do: 'blast' }>, 'do'>): Promise<CountAnswer> {
    return this.#agent.ask({ do: 'blast', ...options }, (one) => 'packets' in one);
  }

  /** Ends what runs here. */
  async close(): Promise<void> {
    await endAll(this.#children);
    this.#anchor.kill('SIGKILL');
  }

  #fork(name: Parameters<typeof workerFile>[0], options: readonly string[]): ChildProcess {
    const file = fileURLToPath(workerFile(name));
    const stdio: SpawnOptions['stdio'] = ['ignore', 'inherit', 'inherit', 'ipc'];
    return this.spawn(process.execPath, [...process.execArgv, file, ...options], { stdio });
  }
}

/** Settings of the lab's own process are none of the servers'. */
function plainEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_')));
}

function hostsText(name: string, entries: readonly { readonly name: string; readonly address: string }[]): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost', `127.0.1.1 ${name}`];
  return [...lines, ...entries.map((one) => `${one.address} ${one.name}`), ''].join('\n');
}
