/** What `certificates`, and whatever uses them, allow beyond their types. */
import { isIP } from 'node:net';
import { decodeBase64Url } from '../../lib/base64.ts';
import { parseName } from '../../deploy/dns/names.ts';
import type { Config } from './schema.ts';

type Managed = Config['certificates']['managed'][string];

const ID = /^[0-9A-Za-z_-]{1,64}$/;

/** What is wrong with `certificates`, one sentence each. */
export function certificateMistakes(config: Config): string[] {
  const { certificates, listeners, relay } = config;
  const found = [...authorityMistakes(config), ...zoneMistakes(config)];
  for (const [id, managed] of Object.entries(certificates.managed)) {
    const where = `certificates.managed.${id}`;
    if (!ID.test(id)) found.push(`certificates.managed names ${show(id)}; allowed are letters, digits, _ and -`);
    found.push(...nameMistakes(where, managed), ...sourceMistakes(where, managed, config));
  }
  type Use = readonly [string, Config['listeners'][number]['tls']];
  const uses: readonly Use[] = [
    ...listeners.map(({ tls }, index): Use => [`listeners[${index}].tls`, tls]),
    ['relay.site', relay?.site],
  ];
  for (const [where, tls] of uses) {
    if (tls === undefined || !('managed' in tls)) continue;
    if (Object.hasOwn(certificates.managed, tls.managed)) continue;
    found.push(`${where}.managed is ${show(tls.managed)}; certificates.managed has no such name`);
  }
  return found;
}

function authorityMistakes({ certificates }: Config): string[] {
  const { directory, contact, externalAccount, managed } = certificates;
  const found: string[] = [];
  if (directory !== null && (!URL.canParse(directory) || new URL(directory).protocol !== 'https:')) {
    found.push(`certificates.directory is ${show(directory)}; allowed is a URL that begins with https://`);
  }
  for (const [index, one] of contact.entries()) {
    if (/^mailto:[^\s@,?]+@[^\s@,?]+$/.test(one)) continue;
    found.push(`certificates.contact[${index}] is ${show(one)}; allowed is mailto:NAME@HOST`);
  }
  const key = externalAccount?.key;
  if (typeof key === 'string' && decodeBase64Url(key) === undefined) {
    found.push('certificates.externalAccount.key is no base64url; copy it as the authority gives it');
  }
  const issued = Object.entries(managed).find(([, { from }]) => from === undefined);
  if (issued !== undefined && directory === null) {
    found.push(
      `certificates.managed.${issued[0]} is to be issued, but certificates.directory is not set; set it, or from`,
    );
  }
  return found;
}

function zoneMistakes({ certificates: { zone } }: Config): string[] {
  if (zone === null) return [];
  const found: string[] = [];
  for (const key of ['name', 'nameServer'] as const) {
    if (parseName(zone[key]) !== undefined) continue;
    found.push(`certificates.zone.${key} is ${show(zone[key])}; allowed is a name like acme.example.org`);
  }
  for (const [index, { address }] of zone.listeners.entries()) {
    if (isIP(address) !== 0) continue;
    found.push(`certificates.zone.listeners[${index}].address is ${show(address)}; allowed is an IP address`);
  }
  return found;
}

function nameMistakes(where: string, { names, challenge }: Managed): string[] {
  const found: string[] = [];
  for (const [index, name] of names.entries()) {
    const at = `${where}.names[${index}] is ${show(name)}`;
    const isAddress = isIP(name) !== 0;
    const isWildcard = name.startsWith('*.');
    if (!isAddress && parseName(name.replace(/^\*\./, '')) === undefined) {
      found.push(`${at}; allowed is a host name, *.name or an IP address`);
    } else if (isAddress && challenge === 'dns-01') {
      found.push(`${at}, which dns-01 cannot prove; set http-01 or tls-alpn-01`);
    } else if (isWildcard && challenge !== undefined && challenge !== 'dns-01') {
      found.push(`${at}, which only dns-01 can prove; set challenge: dns-01`);
    }
  }
  return found;
}

function sourceMistakes(where: string, managed: Managed, { links, listeners }: Config): string[] {
  const { challenge, from, shipTo = [] } = managed;
  const found: string[] = [];
  if ((challenge === undefined) === (from === undefined)) {
    found.push(`${where} needs either challenge (it is issued for this node) or from (another node sends it)`);
  }
  if (challenge === 'http-01' && !listeners.some(({ apis, tls }) => apis.includes('acme') && tls === undefined)) {
    found.push(`${where}.challenge is http-01, but no listener without tls has the api "acme"; add it to one`);
  }
  if (challenge === 'tls-alpn-01' && !listeners.some(({ tls }) => tls !== undefined && 'managed' in tls)) {
    found.push(`${where}.challenge is tls-alpn-01, but no listener has tls: {managed: …}; let one use it`);
  }
  for (const [key, nodes] of [
    ['from', from === undefined ? [] : [from]],
    ['shipTo', shipTo],
  ] as const) {
    for (const node of nodes) {
      if (!Object.hasOwn(links.peers, node))
        found.push(`${where}.${key} names ${show(node)}; links.peers has no such node`);
    }
  }
  const sender = from === undefined ? undefined : links.peers[from];
  if (sender !== undefined && sender.carries?.includes('certificates') !== true) {
    found.push(`${where}.from is ${show(from)}, which may not send; add "certificates" to links.peers.${from}.carries`);
  }
  return found;
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, 60);
}
