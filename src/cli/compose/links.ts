/** The links of this node: its key, its peers, and what their streams reach here. */
import path from 'node:path';
import { createRandom } from '../../adapters/random/index.ts';
import { EGRESS, openEgress } from '../../deploy/egress/door.ts';
import { type EgressRule, parseEgressRule } from '../../deploy/egress/rules.ts';
import { present } from '../../lib/assert.ts';
import { Links, type LinkStream, type PeerConfig } from '../../link/index.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Context } from '../../server/context.ts';
import type { Config } from '../config/schema.ts';
import { readSecret } from '../config/secrets.ts';
import { parseNodeKey } from '../../lib/node-key.ts';
import { createPeerPorts, type PeerPorts } from './peers.ts';
import { openSigningKeys, parseSigningKeys } from './signing-key.ts';

export interface LinkPlaces {
  readonly config: Config;
  /** Relative paths of the configuration start here. */
  readonly baseDir: string;
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The seed of this node's key; its file, in the data folder unless its path says otherwise, is made if missing. */
export function linkSeed({ config, baseDir, dataDir, environment }: LinkPlaces): Uint8Array {
  const { key } = config.links;
  if (key !== null && typeof key === 'object' && 'file' in key) {
    return openSigningKeys(path.resolve(dataDir, key.file), createRandom()).current.seed;
  }
  const text = readSecret(key, 'links.key', { baseDir, environment });
  return parseSigningKeys(present(text, 'the key of links is configured')).current.seed;
}

/** The doors that streams of peers come in by, once they are open. */
export class LinkDoors {
  readonly #doors = new Map<string, (stream: LinkStream) => void>();

  /** From now on streams for `purpose` go there. */
  open(purpose: string, take: (stream: LinkStream) => void): void {
    this.#doors.set(purpose, take);
  }

  find(purpose: string): ((stream: LinkStream) => void) | undefined {
    return this.#doors.get(purpose);
  }
}

export interface Linked {
  readonly ports: PeerPorts;
  /** None where there is no peer; nothing is dialled before they are started. */
  readonly links: Links | undefined;
  readonly doors: LinkDoors;
}

type Parts = Pick<Context, 'clock' | 'random' | 'crypto' | 'log' | 'metrics'>;

/** Opens the gate for outgoing requests, with the links through which some servers are reached. */
export function createLinkedPorts(places: LinkPlaces, parts: Parts, version: string): Linked {
  const { config, baseDir } = places;
  const doors = new LinkDoors();
  const ports = createPeerPorts({
    config,
    baseDir,
    clock: parts.clock,
    version,
    openLink: async (node, signal) => {
      if (links === undefined) throw new OperationError('name not found', { temporary: false });
      return await links.open(node, { purpose: 'federation' }, signal);
    },
    openEgress: async (node, signal) => {
      if (links === undefined) throw new OperationError('no connection', { temporary: false });
      return await links.open(node, { purpose: EGRESS }, signal);
    },
  });
  const links = createLinks(places, { ...parts, ports, doors });
  const rules = egressRules(config);
  if (rules.size > 0) doors.open(EGRESS, openEgress({ ...parts, rules, connect: ports.connectOutside }));
  return { ports, links, doors };
}

function egressRules({ links }: Config): ReadonlyMap<string, readonly EgressRule[]> {
  const entries = Object.entries(links.peers).map(([name, { egress = [] }]) => {
    return [name, egress.flatMap((text) => parseEgressRule(text) ?? [])] as const;
  });
  return new Map(entries.filter(([, rules]) => rules.length > 0));
}

function createLinks(
  places: LinkPlaces,
  { ports, doors, log, ...parts }: Parts & { readonly ports: PeerPorts; readonly doors: LinkDoors },
): Links | undefined {
  const { links } = places.config;
  const peers = Object.entries(links.peers).map(([name, one]) => {
    const { key, dial = [], sni, carries = ['federation'], egress = [] } = one;
    const bytes = present(parseNodeKey(key), 'the configuration was checked');
    const purposes = egress.length === 0 ? carries : [...carries, EGRESS];
    const peer: PeerConfig = { key: bytes, dial, serverName: sni, carries: new Set(purposes) };
    return [name, peer] as const;
  });
  if (peers.length === 0) return undefined;
  return new Links({
    ...parts,
    log: log.child('link'),
    peers: new Map(peers),
    seed: linkSeed(places),
    path: links.path,
    connections: ports,
    // Nobody looks at it: both sides of a link prove themselves by their keys.
    certificate: async () => {
      const { makePlaceholder } = await import('../../adapters/acme/index.ts');
      return await makePlaceholder(['localhost'], parts.clock.now());
    },
    accept: (stream) => {
      const take = doors.find(stream.purpose);
      take?.(stream);
      return take !== undefined;
    },
  });
}
