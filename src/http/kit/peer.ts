/** Names of peers for rate limits: a keyed hash of the address, so that no address is kept anywhere. */
import type { IncomingMessage } from 'node:http';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import type { Crypto } from '../../ports/crypto.ts';

/** Names kept while their peers are about; in memory only. */
const NAMES_MAX = 10_000;

export interface PeerNames {
  nameOf(request: IncomingMessage): string;
}

/**
 * `trustedProxies` are addresses and ranges (CIDR) whose `X-Forwarded-For` is believed; everybody else's is ignored
 * (adv-091). IPv6 peers are counted by their /64.
 */
export function peerNames(crypto: Crypto, key: string, trustedProxies: readonly string[]): PeerNames {
  const ranges = trustedProxies.map(parseRange);
  const names = new LRUCache<string, string>({ maxSize: NAMES_MAX, sizeCalculation: () => 1 });
  return {
    nameOf(request) {
      const direct = request.socket.remoteAddress ?? '';
      const isProxy = ranges.length > 0 && isTrusted(ranges, direct);
      const address = isProxy ? (lastForwarded(request) ?? direct) : direct;
      let name = names.get(address);
      if (name === undefined) {
        name = Buffer.from(crypto.hmacSha1(key, network(address)))
          .toString('base64url')
          .slice(0, 16);
        names.set(address, name);
      }
      return name;
    },
  };
}

/** `10.0.0.0/8`, or one address. */
function parseRange(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv6' ? 128 : 32];
}

function isTrusted(ranges: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][], address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return ranges.some(([base, bits]) => base.kind() === parsed.kind() && parsed.match(base, bits));
}

function lastForwarded(request: IncomingMessage): string | undefined {
  const header = request.headers['x-forwarded-for'];
  const text = Array.isArray(header) ? header.at(-1) : header;
  return text?.split(',').at(-1)?.trim();
}

function network(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv6' ? parsed.toNormalizedString().split(':').slice(0, 4).join(':') : parsed.toString();
}
