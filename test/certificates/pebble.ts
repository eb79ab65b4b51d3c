/** A real authority on loopback: Pebble, Debian's package `pebble`, with a resolver that sends everything here. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Answer, decode, encode } from 'dns-packet';
import { TestAuthority } from '../../src/bench/remotes/certificates.ts';
import { closedPort } from '../harness/places.ts';

/** Why the tests with Pebble are skipped here; `false` where it is installed. */
export const skipped: string | false =
  spawnSync('pebble', ['-h']).error === undefined ? false : 'pebble is not installed: apt-get install pebble';

export interface Pebble {
  /** The URL of its directory. */
  readonly directory: string;
  /** A file with the authority that its own certificate is of. */
  readonly trusted: string;
  /** Where it looks for http-01 and tls-alpn-01. */
  readonly httpPort: number;
  readonly tlsPort: number;
  /** Names that lead elsewhere, for the resolver: `_acme-challenge.a.test` → its CNAME. */
  readonly aliases: Map<string, string>;
  /** TXT records that somebody has added. */
  readonly texts: Map<string, string>;
  /** The port of the server that is asked for what an alias leads to. */
  zonePort: number;
  close(): Promise<void>;
}

export interface PebbleOptions {
  /** Good nonces that it refuses, of a hundred. */
  readonly rejectNonces?: number;
  readonly externalAccounts?: Readonly<Record<string, string>>;
  /** Authorizations that it takes from before, of a hundred. */
  readonly reuse?: number;
}

/** Starts Pebble with ports of its own. */
export async function startPebble({
  rejectNonces = 5,
  externalAccounts,
  reuse = 0,
}: PebbleOptions = {}): Promise<Pebble> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-pebble-'));
  const authority = new TestAuthority(`Pebble ${randomUUID()}`);
  const pair = authority.issue({ names: ['127.0.0.1', 'localhost'] });
  const file = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  const [port, management, httpPort, tlsPort] = [
    await closedPort(),
    await closedPort(),
    await closedPort(),
    await closedPort(),
  ];
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: file('cert.pem', pair.certificate),
      privateKey: file('key.pem', pair.key),
      httpPort,
      tlsPort,
      ocspResponderURL: '',
      externalAccountBindingRequired: externalAccounts !== undefined,
      externalAccountMACKeys: externalAccounts ?? {},
    },
  };
  const resolver = await startResolver();
  const child = spawn(
    'pebble',
    ['-config', file('config.json', JSON.stringify(config)), '-dnsserver', resolver.place],
    {
      env: {
        ...process.env,
        PEBBLE_VA_NOSLEEP: '1',
        PEBBLE_WFE_NONCEREJECT: String(rejectNonces),
        PEBBLE_AUTHZREUSE: String(reuse),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  await untilListening(child);
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    trusted: file('ca.pem', authority.certificate),
    httpPort,
    tlsPort,
    aliases: resolver.aliases,
    texts: resolver.texts,
    set zonePort(value: number) {
      resolver.forward.port = value;
    },
    get zonePort() {
      return resolver.forward.port;
    },
    close: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      resolver.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function untilListening(child: ChildProcess): Promise<void> {
  let said = '';
  const wait = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.includes('ACME directory available')) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => reject(new Error(`pebble has ended: ${said}`)));
  });
  await wait;
}

/** A resolver for whom every name is this machine, and which follows the aliases that it is told of. */
async function startResolver() {
  const aliases = new Map<string, string>();
  const texts = new Map<string, string>();
  const forward = { port: 0 };
  const socket = createSocket('udp4');
  const answer = async (message: Buffer, from: RemoteInfo): Promise<void> => {
    const query = decode(message);
    const [question] = query.questions ?? [];
    if (question === undefined) return;
    const name = question.name.toLowerCase();
    const alias = aliases.get(name);
    let answers: Answer[] = [];
    if (alias !== undefined) {
      const followed = await ask(forward.port, alias, question.type);
      answers = [{ type: 'CNAME', name, ttl: 1, class: 'IN', data: alias }, ...followed];
    } else if (question.type === 'TXT' && texts.has(name)) {
      answers = [{ type: 'TXT', name, ttl: 1, class: 'IN', data: texts.get(name) ?? '' }];
    } else if (question.type === 'A') answers = [{ type: 'A', name, ttl: 1, class: 'IN', data: '127.0.0.1' }];
    const response = encode({ type: 'response', id: query.id ?? 0, flags: 0x0180, questions: [question], answers });
    socket.send(response, from.port, from.address);
  };
  socket.on('message', (message, from) => void answer(message, from));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { aliases, texts, forward, place: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
}

/** What the server at a port of this machine has for a name. */
async function ask(port: number, name: string, type: Answer['type']): Promise<Answer[]> {
  const socket = createSocket('udp4');
  try {
    socket.send(encode({ type: 'query', id: 1, questions: [{ name, type: type as 'TXT' }] }), port, '127.0.0.1');
    const [message] = (await once(socket, 'message')) as [Buffer];
    return decode(message).answers ?? [];
  } finally {
    socket.close();
  }
}
