/** The private zone: what `dns` allows beyond its types. */
import { isIP } from 'node:net';
import { parseZone, type Zone } from '../../deploy/dns/zone.ts';
import type { Config } from './schema.ts';

/** For this long answers are kept where nothing is said. */
const TTL_SECONDS = 300;

/** What is wrong with `dns`, one sentence each. */
export function dnsMistakes({ dns, listeners, links }: Config): string[] {
  const served = listeners.findIndex(({ apis }) => apis.includes('dns'));
  if (dns === null) {
    if (served === -1) return [];
    return [`listeners[${served}].apis names "dns", but dns is not set; set dns.zone and dns.records`];
  }
  const found: string[] = [];
  for (const [index, { address }] of (dns.listeners ?? []).entries()) {
    if (isIP(address) !== 0) continue;
    const shown = JSON.stringify(address).slice(0, 60);
    found.push(`dns.listeners[${index}].address is ${shown}; allowed is an IP address, best that of the local network`);
  }
  const parsed = parseZone({ ttlSeconds: TTL_SECONDS, ...dns });
  if ('mistakes' in parsed) return [...found, ...parsed.mistakes];
  for (const { name, node } of parsed.zone.moving ?? []) {
    if (Object.hasOwn(links.peers, node)) continue;
    found.push(`dns.records follows with ${name} the node "${node}", which links.peers has not`);
  }
  return found;
}

/** The zone of a checked configuration; `undefined` where it has none. */
export function zoneOf({ dns }: Config): Zone | undefined {
  if (dns === null) return undefined;
  const parsed = parseZone({ ttlSeconds: TTL_SECONDS, ...dns });
  return 'zone' in parsed ? parsed.zone : undefined;
}
