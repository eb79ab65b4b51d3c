/** What is told to devices. */
import { assert } from '../../lib/assert.ts';
import { parseIpv4, parseIpv6, parseName } from '../dns/names.ts';
import { addressesOf, type Zone } from '../dns/zone.ts';

export interface DeviceFacts {
  readonly zone: string;
  /** Names that have addresses. */
  readonly hosts: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** DNS over HTTPS, where the server has it. */
  readonly doh: { readonly url: string; readonly addresses: readonly string[] } | undefined;
  /** The same identifier for the same name. */
  uuidOf(name: string): string;
}

/** What each generator makes. */
export interface DeviceFile {
  readonly fileName: string;
  readonly text: string;
  /** What to do with it, in the language of the catalogue. */
  readonly steps: readonly string[];
}

/** The names of a zone with their addresses, over aliases; in the order of the configuration. */
export function hostsOf(zone: Zone): DeviceFacts['hosts'] {
  return [...zone.names.keys()]
    .map((name) => ({ name, addresses: addressesOf(zone, name) }))
    .filter(({ addresses }) => addresses.length > 0);
}

/**
 * The URL of DNS over HTTPS below a public URL, and the addresses by which it is reached without asking for its name.
 * `undefined` where it is no plain `https` URL.
 */
export function dohOf(publicUrl: string, zone: Zone): DeviceFacts['doh'] {
  if (!URL.canParse(publicUrl)) return undefined;
  const { protocol, hostname, host, pathname, username, password, search, hash } = new URL(publicUrl);
  if (protocol !== 'https:' || username + password + search + hash !== '') return undefined;
  if (!/^[0-9A-Za-z._~/-]*$/.test(pathname)) return undefined;
  const literal = hostname.startsWith('[') ? parseIpv6(hostname.slice(1, -1)) : parseIpv4(hostname);
  const name = literal === undefined ? parseName(hostname) : undefined;
  if (literal === undefined && name === undefined) return undefined;
  return {
    url: `https://${host}${pathname.replace(/\/+$/, '')}/dns`,
    addresses: name === undefined ? [hostname.replaceAll(/[[\]]/g, '')] : addressesOf(zone, name),
  };
}

/**
 * Nothing else may ever come into a command or a file: what is written there is letters, digits, dots, hyphens,
 * underscores and colons.
 */
export function assertPlain({ zone, hosts, doh }: DeviceFacts): void {
  const addresses = [...hosts.flatMap((one) => one.addresses), ...(doh?.addresses ?? [])];
  for (const name of [zone, ...hosts.map((one) => one.name)]) {
    assert(parseName(name) === name, 'the names of a zone were parsed');
  }
  for (const address of addresses) {
    assert((parseIpv4(address) ?? parseIpv6(address)) === address, 'the addresses of a zone were parsed');
  }
  if (doh === undefined) return;
  assert(/^https:\/\/[0-9A-Za-z._~/:[\]-]+$/.test(doh.url), 'the URL of DNS over HTTPS was parsed');
}

/** Name and address, for what takes one pair at a time. */
export function pairsOf({ hosts }: DeviceFacts): { readonly name: string; readonly address: string }[] {
  return hosts.flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address })));
}
