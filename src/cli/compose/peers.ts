/** The ports by which other servers are reached, and where they reach us, from the configuration. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { createDns } from '../../adapters/dns/index.ts';
import { createOutgoing, type HttpOptions, type Outgoing } from '../../adapters/http/index.ts';
import { present } from '../../lib/assert.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { splitServerName } from '../../matrix/server-address.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dns } from '../../ports/dns.ts';
import { linkedNode, type PeersOptions } from '../../server/peers/index.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/sources.ts';
import type { SigningKeys } from './signing-key.ts';

export interface PeerPorts extends Outgoing {
  readonly dns: Dns;
}

/** Opens the gate for outgoing requests. Throws {@link ConfigError} where a file of `network.extraCa` is none. */
export function createPeerPorts(options: {
  readonly config: Config;
  readonly baseDir: string;
  readonly clock: Clock;
  readonly version: string;
  readonly openLink?: (node: string, signal: AbortSignal) => Promise<Duplex>;
  readonly openEgress?: (node: string, signal: AbortSignal) => Promise<Duplex>;
}): PeerPorts {
  const { clock, baseDir } = options;
  const { hosts, denyRanges, extraCa, proxy, via } = options.config.network;
  const dns = createDns({ clock });
  const outgoing = createOutgoing({
    clock,
    dns,
    hosts,
    denyRanges,
    extraCa: extraCa.map((file) => readAuthority(baseDir, file)),
    proxy,
    userAgent: `Postern/${options.version}`,
    ...(options.openLink !== undefined && { openLink: options.openLink }),
    ...(options.openEgress !== undefined && { egress: egressOf(via, options.openEgress) }),
  });
  return { ...outgoing, dns };
}

/** `network.via`: a name covers what is below it, the longest one counts; `*` is everything. */
function egressOf(
  via: Readonly<Record<string, string>>,
  open: (node: string, signal: AbortSignal) => Promise<Duplex>,
): NonNullable<HttpOptions['egress']> {
  const nodes = new Map(
    Object.entries(via).map(([name, place]) => [name.toLowerCase(), present(linkedNode(place), 'it was checked')]),
  );
  return {
    open,
    nodeFor: (host) => {
      const labels = host.toLowerCase().split('.');
      const names = isIP(host) === 0 ? labels.map((_, index) => labels.slice(index).join('.')) : [host];
      return [...names, '*'].map((name) => nodes.get(name)).find((node) => node !== undefined);
    },
  };
}

function readAuthority(baseDir: string, file: string): string {
  let text = '';
  try {
    text = readFileSync(path.resolve(baseDir, file), 'utf8');
  } catch (cause) {
    throw new ConfigError(`network.extraCa: ${file} cannot be read; name a PEM file`, { cause });
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new ConfigError(`network.extraCa: ${file} holds no certificate; allowed is a PEM file`);
}

/** What the service is made with. */
export function peersOptions({ federation, network }: Config, keys: SigningKeys, ports: PeerPorts): PeersOptions {
  return {
    http: ports.http,
    dns: ports.dns,
    signingKey: keys.current,
    oldSigningKeys: keys.old,
    isEnabled: federation.enabled,
    allow: federation.allow,
    overrides: federation.overrides,
    hosts: network.hosts,
    trustedKeyServers: federation.trustedKeyServers.map((name) =>
      present(parseServerName(name), 'the configuration was checked'),
    ),
  };
}

/**
 * What `/.well-known/matrix/server` says: `federation.publicName`, or what the listeners show. A name that is an
 * address or has a port is never asked for it.
 */
export function federationName({ federation, serverName, publicBaseUrl, listeners }: Config): string | undefined {
  const { host, port, isLiteral } = splitServerName(serverName);
  if (!federation.enabled || isLiteral || port !== undefined) return undefined;
  if (federation.publicName !== null) return federation.publicName;
  const ours = listeners.filter(({ apis }) => apis.includes('federation'));
  // Whoever forwards the clients' URL to a listener forwards what other servers ask there, too.
  const url = publicBaseUrl === null ? null : URL.parse(publicBaseUrl);
  if (url !== null && ours.some(({ apis }) => apis.includes('client'))) {
    return `${url.hostname}:${url.port === '' ? 443 : url.port}`;
  }
  const direct = ours.find(({ tls }) => tls !== undefined);
  return direct === undefined || direct.port === 0 ? undefined : `${host}:${direct.port}`;
}
