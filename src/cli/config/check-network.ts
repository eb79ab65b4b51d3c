/** Addresses, names and pins: what each key of `network` and `federation` allows beyond its type. */
import { isIP } from 'node:net';
import { parseEgressRule } from '../../deploy/egress/rules.ts';
import { parseSite } from '../../link/index.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { linkedNode } from '../../server/peers/index.ts';
import { parseNodeKey } from '../../lib/node-key.ts';
import type { Config } from './schema.ts';

const HOST_NAME = /^(?=.{1,253}$)(?:[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?\.)*[0-9A-Za-z_-]{1,63}$/;
/** 32 bytes in base64, with or without its padding. */
const PIN = /^sha256\/[0-9A-Za-z+/]{43}=?$/;

/** What is wrong below `network`, one sentence each. */
export function networkMistakes({ network, links }: Config): string[] {
  const found: string[] = [];
  for (const [name, place] of Object.entries(network.via)) {
    if (name !== '*' && !HOST_NAME.test(name))
      found.push(`network.via names ${show(name)}; allowed is a host name or *`);
    const node = linkedNode(place);
    if (node !== undefined && Object.hasOwn(links.peers, node)) continue;
    found.push(`network.via.${name} is ${show(place)}; allowed is link:NODE with a node of links.peers`);
  }
  for (const [name, address] of Object.entries(network.hosts)) {
    if (!HOST_NAME.test(name)) found.push(`network.hosts names ${show(name)}; allowed is a host name without a port`);
    if (isIP(address) === 0) {
      found.push(`network.hosts.${name} is ${show(address)}; allowed is an IP address like 10.0.0.2`);
    }
  }
  for (const key of ['denyRanges', 'trustedProxies'] as const) {
    for (const [index, range] of network[key].entries()) {
      if (isAddressRange(range)) continue;
      found.push(`network.${key}[${index}] is ${show(range)}; allowed is an address or a range like 10.0.0.0/8`);
    }
  }
  if (network.proxy !== null && !isProxy(network.proxy)) {
    // The address may carry a password: it is not repeated.
    found.push(
      'network.proxy is no proxy; allowed is http://host:port or socks5://host:port, with or without user:password@',
    );
  }
  return found;
}

/** What is wrong below `federation`. */
export function federationMistakes({ federation, links }: Config): string[] {
  const found: string[] = [];
  const names = (key: string, list: readonly string[]): void => {
    for (const [index, name] of list.entries()) {
      if (parseServerName(name) !== undefined) continue;
      found.push(`federation.${key}[${index}] is ${show(name)}; allowed is a server name like example.org`);
    }
  };
  names('trustedKeyServers', federation.trustedKeyServers);
  names('allow', federation.allow ?? []);
  if (federation.publicName !== null && parseServerName(federation.publicName) === undefined) {
    found.push(`federation.publicName is ${show(federation.publicName)}; allowed is a host with or without :port`);
  }
  for (const [name, override] of Object.entries(federation.overrides)) {
    const where = `federation.overrides.${name}`;
    if (parseServerName(name) === undefined) {
      found.push(`federation.overrides names ${show(name)}; allowed is a server name like example.org`);
    }
    if (override.connect.length === 0) found.push(`${where}.connect is empty; list at least one "host:port"`);
    for (const [index, target] of override.connect.entries()) {
      if (isHostAndPort(target)) continue;
      const node = linkedNode(target);
      if (node !== undefined && Object.hasOwn(links.peers, node)) continue;
      if (node !== undefined) {
        found.push(`${where}.connect[${index}] is ${show(target)}; links.peers has no ${show(node)}`);
        continue;
      }
      found.push(`${where}.connect[${index}] is ${show(target)}; allowed is "host:port", with [ ] around IPv6`);
    }
    const { pin } = override;
    if (typeof pin === 'string' && !PIN.test(pin)) {
      found.push(`${where}.pin is ${show(pin)}; allowed is sha256/ and the base64 of the public key's SHA-256`);
    }
  }
  const { initialMs, maxMs } = federation.retry;
  if (initialMs > maxMs) {
    found.push(`federation.retry.initialMs is ${initialMs}, more than maxMs (${maxMs}); lower it or raise maxMs`);
  }
  return found;
}

/** What is wrong below `links`. */
export function linkMistakes({ links, listeners, relay }: Config): string[] {
  const found: string[] = [];
  if (!/^\/[\x21-\x22\x24-\x3e\x40-\x7e]{1,255}$/.test(links.path)) {
    found.push(`links.path is ${show(links.path)}; allowed is a path like /link`);
  }
  const hasListener = listeners.some(({ apis }) => apis.includes('link'));
  const hasClients = listeners.some(({ apis, tls }) => apis.includes('client') && tls !== undefined);
  for (const [name, { key, dial = [], sni, carries = [], egress = [] }] of Object.entries(links.peers)) {
    const where = `links.peers.${name}`;
    if (!/^[0-9A-Za-z_-]{1,64}$/.test(name))
      found.push(`links.peers names ${show(name)}; allowed are letters, digits, _ and -`);
    if (parseNodeKey(key) === undefined) {
      found.push(`${where}.key is ${show(key)}; allowed is ed25519: and 32 bytes in base64, as its node prints it`);
    }
    for (const [index, place] of dial.entries()) {
      if (isHostAndPort(place) || isSite(place)) continue;
      found.push(
        `${where}.dial[${index}] is ${show(place)}; allowed is "host:port", with [ ] around IPv6, or a wss:// URL`,
      );
    }
    for (const [index, rule] of egress.entries()) {
      if (parseEgressRule(rule) !== undefined) continue;
      found.push(`${where}.egress[${index}] is ${show(rule)}; allowed is host:port, *.host:port, *:port or host:*`);
    }
    if (sni !== undefined && (isIP(sni) !== 0 || !HOST_NAME.test(sni))) {
      found.push(`${where}.sni is ${show(sni)}; allowed is a host name without a port`);
    }
    if (carries.includes('client') && !hasClients) {
      found.push(`${where}.carries names "client", but no listener with the api "client" has tls; add tls to it`);
    }
    // A relay takes the calls of peers at its own port.
    if (dial.length === 0 && !hasListener && relay === null) {
      found.push(`${where} is to dial this node, but no listener has the api "link"; add it, or set ${where}.dial`);
    }
  }
  return found;
}

/** What is wrong below `relay`. */
export function relayMistakes({ relay, links }: Config): string[] {
  if (relay === null) return [];
  const found: string[] = [];
  if (isIP(relay.address) === 0) {
    found.push(`relay.address is ${show(relay.address)}; allowed is an IP address, such as "::" for all`);
  }
  for (const [index, name] of relay.names.entries()) {
    if (!HOST_NAME.test(name))
      found.push(`relay.names[${index}] is ${show(name)}; allowed is a host name without a port`);
  }
  const node = linkedNode(relay.to);
  if (node !== undefined && !Object.hasOwn(links.peers, node)) {
    found.push(`relay.to is ${show(relay.to)}; links.peers has no ${show(node)}`);
  }
  if (node === undefined && !isHostAndPort(relay.to)) {
    found.push(`relay.to is ${show(relay.to)}; allowed is link:NODE or "host:port"`);
  }
  return found;
}

function isHostAndPort(text: string): boolean {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return false;
  const [, literal, name, port] = match;
  const isHost = literal === undefined ? isIP(name ?? '') === 4 || HOST_NAME.test(name ?? '') : isIP(literal) === 6;
  return isHost && Number(port) >= 1 && Number(port) <= 65_535;
}

function isSite(text: string): boolean {
  return text.length <= 500 && parseSite(text) !== undefined;
}

function isProxy(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(text);
  return /^(?:http|socks5):$/.test(protocol) && hostname !== '' && /^\/?$/.test(pathname) && search + hash === '';
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^[0-9]{1,3}$/.test(bits) && Number(bits) <= (version === 6 ? 128 : 32));
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, 60);
}
