/** Back-end N: hosts are namespaces, lines are VXLAN, and one process between them is router, provider and firewall. */
import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Rule } from '../censor/rules.ts';
import { EVENTS_MAX, type Lab, type LabHost } from '../network/lab.ts';
import type { Counts, RouterCommand, RouterReport } from '../network/messages.ts';
import type { LabEvent } from '../network/router.ts';
import { type HostSpec, NATION, type Place } from '../network/topology.ts';
import type { PipeSettings } from '../shape/pipe.ts';
import type { BorderProfile } from '../shape/profiles.ts';
import { workerFile } from '../workers/agent.ts';
import { Calls, firstMessage, LabError } from '../workers/calls.ts';
import { isInside } from './enter.ts';
import { NamespaceHost } from './host.ts';
import { hostCommands, PREPARE, wire } from './script.ts';

export interface NamespaceLabOptions {
  readonly hosts: readonly HostSpec[];
  /** Where all packets are written to. */
  readonly pcapPath?: string;
}

export class NamespaceLab implements Lab {
  readonly backend = 'namespaces';
  readonly #folder: string;
  readonly #router: ChildProcess;
  readonly #calls: Calls<RouterCommand, Counts>;
  readonly #hosts = new Map<string, NamespaceHost>();
  readonly #events: LabEvent[] = [];
  readonly #listeners: ((event: LabEvent) => void)[] = [];

  private constructor(folder: string, router: ChildProcess) {
    this.#folder = folder;
    this.#router = router;
    this.#calls = new Calls(router);
    router.on('message', (report: RouterReport) => this.#hear(report));
  }

  /** Makes the network. Only a process that {@link isInside} may. */
  static async open({ hosts, pcapPath }: NamespaceLabOptions): Promise<NamespaceLab> {
    if (!isInside()) throw new LabError('the lab makes namespaces only inside its own');
    const wired = wire(hosts);
    const script = [...PREPARE, ...wired.flatMap(hostCommands)].join('\n');
    const made = spawnSync('sh', ['-ec', script], { encoding: 'utf8' });
    if (made.status !== 0) throw new LabError(`the network could not be made: ${made.stderr.trim()}`);
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-lab-'));
    const options = [JSON.stringify(wired), ...(pcapPath === undefined ? [] : [pcapPath])];
    const router = fork(workerFile('router-worker'), options, { serialization: 'advanced' });
    await firstMessage(router, 'the router');
    const lab = new NamespaceLab(folder, router);
    const open = hosts.map(async (spec) => {
      const setLine = async (settings: PipeSettings | undefined): Promise<void> => {
        await lab.#calls.ask({ do: 'device', host: spec.name, settings });
      };
      lab.#hosts.set(spec.name, await NamespaceHost.open(spec, folder, setLine));
    });
    await Promise.all(open);
    return lab;
  }

  get events(): readonly LabEvent[] {
    return this.#events;
  }

  host(name: string): LabHost {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new LabError(`the lab has no host "${name}"`);
    return host;
  }

  async setBorder(profile: BorderProfile): Promise<void> {
    await this.#calls.ask({ do: 'border', profile });
  }

  async setCensor(name: string, rule: Rule | undefined, place: Place = NATION): Promise<void> {
    await this.#calls.ask({ do: 'censor', name, rule, place });
  }

  /** Packets find their way to any port. */
  publish(): Promise<void> {
    return Promise.resolve();
  }

  namesFor(): undefined {
    return undefined;
  }

  async sever(place: Place): Promise<void> {
    await this.#calls.ask({ do: 'sever', place });
  }

  onEvent(listener: (event: LabEvent) => void): void {
    this.#listeners.push(listener);
  }

  count(): Promise<Counts> {
    return this.#calls.ask({ do: 'count' });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#hosts.values()].map((host) => host.close()));
    this.#router.disconnect();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #hear(report: RouterReport): void {
    if (report.tell === 'done') this.#calls.answer(report.id, report.counts);
    if (report.tell !== 'event') return;
    if (this.#events.length >= EVENTS_MAX) this.#events.shift();
    this.#events.push(report.event);
    for (const listener of this.#listeners) listener(report.event);
  }
}
