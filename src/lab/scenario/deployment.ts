/** The servers of a layout, started on hosts of the lab as anybody starts them: configuration, certificate, command. */
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Pair, TestAuthority } from '../../bench/remotes/certificates.ts';
import type { Lab } from '../network/lab.ts';
import { LabError } from '../workers/calls.ts';
import type { Layout, RelayPlan, ServerPlan } from './layouts.ts';

const PROGRAM = fileURLToPath(new URL('../../../bin/postern.cjs', import.meta.url));
const LINK_PATH = '/a-path-of-the-lab';

interface LinkKey {
  readonly secret: string;
  readonly public: string;
}

type Plain = Readonly<Record<string, unknown>>;

/** A layout that runs. */
export class Deployment {
  readonly layout: Layout;
  readonly trustedKeys: readonly string[];
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #authority: TestAuthority;
  readonly #pairs = new Map<string, Pair>();
  readonly #keys = new Map<string, LinkKey>();
  readonly #running: { readonly host: string; readonly child: ChildProcess }[] = [];

  private constructor(lab: Lab, layout: Layout, folder: string) {
    this.#lab = lab;
    this.layout = layout;
    this.#folder = folder;
    this.#authority = new TestAuthority('Authority of the lab');
    for (const server of this.#servers()) {
      this.#pairs.set(server.host, this.#authority.issue({ names: server.names }));
      this.#keys.set(server.node, newLinkKey(server.node));
    }
    if (layout.relay !== undefined) {
      // A relay has a site of its own, and no certificate for what it passes on.
      const siteHost = `${layout.relay.host} site`;
      this.#pairs.set(siteHost, this.#authority.issue({ names: ['garden.example'] }));
      this.#keys.set('relay', newLinkKey('relay'));
    }
    this.trustedKeys = [...this.#pairs.values()].map((pair) => pair.pin.replace('sha256/', ''));
  }

  /** Writes what is needed into a folder of its own and starts everything. */
  static async start(lab: Lab, layout: Layout, parent: string): Promise<Deployment> {
    const folder = path.join(parent, `option-${layout.name}`);
    mkdirSync(folder, { recursive: true });
    const deployment = new Deployment(lab, layout, folder);
    writeFileSync(path.join(folder, 'ca.pem'), deployment.#authority.certificate);
    // Who is dialled is there first.
    for (const server of deployment.#servers().toReversed()) await deployment.#serve(server);
    if (layout.relay !== undefined) await deployment.#relay(layout.relay);
    return deployment;
  }

  /** An invitation that any number of people may follow. */
  async invite(server: ServerPlan): Promise<string> {
    const folder = this.#folderOf(server.host);
    const options = ['invite', '--config', 'postern.json', '--uses', '10000', '--days', '0', '--json'];
    const child = this.#lab.host(server.host).spawn(process.execPath, [PROGRAM, ...options], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout === null) throw new LabError('no output');
    const answer: unknown = JSON.parse(await text(child.stdout));
    if (typeof answer !== 'object' || answer === null || !('token' in answer) || typeof answer.token !== 'string') {
      throw new LabError(`no invitation: ${JSON.stringify(answer)}`);
    }
    return answer.token;
  }

  /** Certificates that programs of the lab trust, as PEM. */
  get authority(): string {
    return this.#authority.certificate;
  }

  async stop(): Promise<void> {
    const ends = this.#running.map(async ({ child }) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const end = once(child, 'exit');
      child.kill('SIGINT');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await end;
      clearTimeout(timer);
    });
    await Promise.all(ends);
  }

  #servers(): ServerPlan[] {
    const { own, friends } = this.layout;
    return own === friends ? [own] : [own, friends];
  }

  #folderOf(host: string): string {
    const folder = path.join(this.#folder, host);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  async #serve(server: ServerPlan): Promise<void> {
    const folder = this.#folderOf(server.host);
    const { certificate = '', key = '' } = this.#pairs.get(server.host) ?? {};
    writeFileSync(path.join(folder, 'cert.pem'), certificate);
    writeFileSync(path.join(folder, 'key.pem'), key);
    const host = this.#lab.host(server.host);
    const address = this.#lab.backend === 'namespaces' ? '::' : host.listenAddress;
    const tls = { certificate: 'cert.pem', key: 'key.pem' };
    const isOwn = server === this.layout.own;
    const [first] = server.ports;
    const config: Plain = {
      serverName: server.serverName,
      dataDir: './data',
      publicBaseUrl: isOwn ? this.layout.origin : `https://${server.serverName}:${first?.port ?? 443}`,
      listeners: [
        ...server.ports.map(({ port, apis }) => ({ address, port: host.portOf(port), apis, tls })),
        { address: '127.0.0.1', port: 0, apis: ['client', 'media', 'admin'] },
      ],
      registration: { mode: 'invite' },
      passwords: { cost: 'minimal' },
      rateLimits: { enabled: false },
      network: { extraCa: ['../ca.pem'], denyRanges: [], hosts: this.#privateHosts(server) },
      federation: { overrides: this.#overrides(server), retry: { initialMs: 500, maxMs: 4_000 } },
      ...this.#links(server),
      log: { level: 'error', format: 'json' },
    };
    writeFileSync(path.join(folder, 'postern.json'), JSON.stringify(config, undefined, 2));
    await this.#run(server.host, 'serve');
    for (const { port } of server.ports) await this.#lab.publish(server.host, port);
  }

  /** Without namespaces the system's resolver knows nothing of the lab. */
  #privateHosts(server: ServerPlan): Record<string, string> {
    if (this.#lab.backend === 'namespaces') return {};
    return Object.fromEntries(
      this.#servers().map((one) => [one.serverName, this.#lab.host(one.host).addressFrom(server.host)]),
    );
  }

  #overrides(server: ServerPlan): Plain {
    const { federation } = this.layout;
    const other = this.#servers().find((one) => one !== server);
    if (other === undefined || federation === 'none' || federation === 'discovery') return {};
    if (federation === 'link') return { [other.serverName]: { connect: [`link:${other.node}`] } };
    return { [other.serverName]: { connect: [`${this.#placeOf(other, server.host, 'federation')}`] } };
  }

  #placeOf(server: ServerPlan, from: string, api: string): string {
    const port = server.ports.find((one) => one.apis.includes(api))?.port ?? 0;
    const host = this.#lab.host(server.host);
    return `${host.addressFrom(from)}:${host.portOf(port)}`;
  }

  #links(server: ServerPlan): Plain {
    const { federation, relay, own, friends } = this.layout;
    const other = this.#servers().find((one) => one !== server);
    const peers: Record<string, unknown> = {};
    if (federation === 'link' && other !== undefined) {
      // The server inside dials: nobody inside need be reached from abroad.
      const dial = server === own ? [this.#placeOf(friends, server.host, 'link')] : [];
      peers[other.node] = { key: this.#keys.get(other.node)?.public, carries: ['federation'], dial };
    }
    if (relay !== undefined && relay.way !== 'plain' && server === own) {
      const place = `${this.#lab.host(relay.host).addressFrom(server.host)}:${relay.port}`;
      const dial = relay.way === 'reverse-link' ? [place] : [];
      peers['relay'] = { key: this.#keys.get('relay')?.public, carries: ['client'], dial };
    }
    if (Object.keys(peers).length === 0) return {};
    const cleaned = Object.entries(peers).map(([name, peer]) => [name, withoutEmptyDial(peer)]);
    return {
      links: { key: this.#keys.get(server.node)?.secret, path: LINK_PATH, peers: Object.fromEntries(cleaned) },
    };
  }

  async #relay(relay: RelayPlan): Promise<void> {
    const folder = this.#folderOf(`${relay.host}`);
    const { certificate = '', key = '' } = this.#pairs.get(`${relay.host} site`) ?? {};
    writeFileSync(path.join(folder, 'site.pem'), certificate);
    writeFileSync(path.join(folder, 'site.key'), key);
    const { own } = this.layout;
    const dial = relay.way === 'link' ? { dial: [this.#placeOf(own, relay.host, 'link')] } : {};
    const links = {
      key: this.#keys.get('relay')?.secret,
      path: LINK_PATH,
      peers: { [own.node]: { key: this.#keys.get(own.node)?.public, ...dial } },
    };
    const config: Plain = {
      dataDir: './data',
      ...(relay.way !== 'plain' && { links }),
      relay: {
        address: this.#lab.backend === 'namespaces' ? '::' : this.#lab.host(relay.host).listenAddress,
        port: relay.port,
        names: [relay.name],
        to: relay.way === 'plain' ? this.#placeOf(own, relay.host, 'client') : `link:${own.node}`,
        site: { certificate: 'site.pem', key: 'site.key' },
        connectionsPerAddress: 1_000,
      },
      log: { level: 'error', format: 'json' },
    };
    writeFileSync(path.join(folder, 'postern.json'), JSON.stringify(config, undefined, 2));
    await this.#run(relay.host, 'relay');
    await this.#lab.publish(relay.host, relay.port);
  }

  /** Starts a program that says in one line that it is ready. */
  async #run(host: string, command: 'serve' | 'relay'): Promise<void> {
    const child = this.#lab
      .host(host)
      .spawn(process.execPath, ['--max-semi-space-size=16', PROGRAM, command, '--config', 'postern.json', '--json'], {
        cwd: this.#folderOf(host),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
    this.#running.push({ host, child });
    if (child.stdout === null) throw new LabError('no output');
    const ended = once(child, 'exit').then(([code]) => {
      throw new LabError(`postern ${command} on ${host} ended with ${String(code)}`);
    });
    const [first] = await Promise.race([once(child.stdout, 'data'), ended]);
    if (String(first).includes('"error"')) throw new LabError(`postern ${command} on ${host}: ${String(first).trim()}`);
    child.stdout.resume();
  }
}

function withoutEmptyDial(peer: unknown): unknown {
  if (typeof peer !== 'object' || peer === null || !('dial' in peer)) return peer;
  const { dial, ...rest } = peer;
  return Array.isArray(dial) && dial.length === 0 ? rest : peer;
}

/** A key of a node, as `links.key` has it, and its public half, as peers are told it. */
function newLinkKey(node: string): LinkKey {
  const { d = '', x = '' } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const plain = (part: string): string => Buffer.from(part, 'base64url').toString('base64').replace(/=+$/, '');
  return { secret: `ed25519 ${node} ${plain(d)}`, public: `ed25519:${plain(x)}` };
}
