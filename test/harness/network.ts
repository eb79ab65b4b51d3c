/**
 * Servers that know each other. Each of them has a loopback address of its own, on which it listens at the port that
 * federation has by default, so that names are resolved as they are outside: by `network.hosts`, without overrides.
 */
import { randomInt } from 'node:crypto';
import { after, before } from 'node:test';
import { NameTable } from './remote/names.ts';
import { RemoteServer } from './remote-server.ts';
import { type ServerOptions, TestServer } from './server.ts';
import { tlsFile } from './tls.ts';

/** "8448 if no port is given" */
const FEDERATION_PORT = 8448;

type Section = Readonly<Record<string, unknown>>;
type Sections = Readonly<Record<string, Section>>;

export class TestNetwork {
  /** The same places for scripted servers. */
  readonly names = new NameTable();
  readonly #addresses = new Map<string, string>();
  readonly #routes = new Map<string, string>();

  /** The loopback address of a name, given to it at the first question. */
  addressOf(name: string): string {
    let address = this.#addresses.get(name);
    if (address === undefined) {
      address = `127.${randomInt(1, 255)}.${randomInt(0, 256)}.${randomInt(1, 255)}`;
      this.#addresses.set(name, address);
      this.names.set(name, FEDERATION_PORT, address);
    }
    return address;
  }

  /** Starts a scripted server, which servers that start from now on reach. The test stops it. */
  async startRemote(name: string): Promise<RemoteServer> {
    const remote = await RemoteServer.start({ name, names: this.names });
    this.route(name, `127.0.0.1:${this.names.find(name)?.port ?? 0}`);
    return remote;
  }

  /** Lets servers that start from now on reach `server` at `target`, which is `host:port`. */
  route(server: string, target: string): void {
    this.#routes.set(server, target);
  }

  /**
   * The configuration of a server of this network. `test/fixtures/tls` holds a certificate for the names that servers
   * may have: `alpha.test` to `delta.test` and a few more, and everything below `.hosts.test`.
   */
  configOf(name: string, more: Section = {}): Section {
    const overrides = [...this.#routes].map(([server, target]) => [server, { connect: [target] }] as const);
    const tls = { certificate: tlsFile('server.pem'), key: tlsFile('server.key') };
    const sections: Sections = {
      network: { hosts: Object.fromEntries(this.#addresses), extraCa: [tlsFile('ca.pem')] },
      federation: { overrides: Object.fromEntries(overrides) },
    };
    const merged = Object.entries(sections).map(([key, value]) => [key, { ...value, ...(more[key] as Section) }]);
    return {
      serverName: name,
      listeners: [
        { address: '127.0.0.1', port: 0, apis: ['client', 'media', 'admin', 'metrics'] },
        { address: this.addressOf(name), port: FEDERATION_PORT, apis: ['federation', 'keys'], tls },
      ],
      ...more,
      ...Object.fromEntries(merged),
    };
  }

  /** A server of this network; `config` is laid over what the network says. */
  server(name: string, { config, ...options }: ServerOptions = {}): TestServer {
    this.addressOf(name);
    const more = typeof config === 'function' ? config : (): Section => config ?? {};
    return new TestServer({ ...options, config: () => this.configOf(name, more()) });
  }
}

/** Servers for the tests of this file that know each other: started before them, checked and removed after them. */
export function useServers<const Names extends readonly string[]>(
  names: Names,
  options: ServerOptions = {},
): { [Index in keyof Names]: TestServer } {
  const network = new TestNetwork();
  const servers = names.map((name) => network.server(name, options));
  before(async () => {
    for (const server of servers) await server.start();
  });
  after(async () => {
    for (const server of servers) await server.finish();
  });
  return servers as { [Index in keyof Names]: TestServer };
}
