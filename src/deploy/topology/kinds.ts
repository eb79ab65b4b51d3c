/** Kinds of values in a topology: each parses one value, or says by name what is allowed in its place. */
import { isIP } from 'node:net';
import { parseNodeKey } from '../../lib/node-key.ts';
import { parseServerName } from '../../matrix/ids.ts';
import { splitServerName } from '../../matrix/server-address.ts';
import type { AllowedName } from './mistakes.ts';
import type { ClientRoute } from './topology.ts';

export interface Kind<T> {
  readonly allowed: AllowedName;
  readonly allowedValues?: Readonly<Record<string, string>>;
  parse(value: unknown): T | undefined;
}

const HOST_NAME = /^(?=.{1,253}$)(?:[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?\.)*[0-9A-Za-z_-]{1,63}$/;
const NODE_NAME = /^[0-9A-Za-z_-]{1,64}$/;
const DNS_LABEL = /^[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?$/;
const PIN = /^sha256\/[0-9A-Za-z+/]{43}=?$/;
const LINK_PATH = /^\/[\x21-\x22\x24-\x3e\x40-\x7e]{1,255}$/;
const ROUTE = /^(https|webrtc):\/\/(\[[0-9A-Fa-f:.]+\]|[^:/?#[\]@]+)(?::([0-9]{1,5}))?\/?(?:#.{0,500})?$/;
const PORT_OF_HTTPS = 443;

function textKind(allowed: AllowedName, accepts: (text: string) => boolean): Kind<string> {
  return { allowed, parse: (value) => (typeof value === 'string' && accepts(value) ? value : undefined) };
}

/** A name of a host, without a port, and no address. */
export function isHostName(text: string): boolean {
  return HOST_NAME.test(text) && isIP(text) === 0 && !/^[0-9.]+$/.test(text);
}

/** `host:port`, with brackets around IPv6. */
export function isHostAndPort(text: string): boolean {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return false;
  const [, literal, name = '', port] = match;
  const isHost = literal === undefined ? isIP(name) === 4 || isHostName(name) : isIP(literal) === 6;
  return isHost && isPort(Number(port));
}

/** An IP address in the one way to write it; `undefined` for any other text. */
function canonicalAddress(text: string): string | undefined {
  if (isIP(text) !== 6) return isIP(text) === 4 ? text : undefined;
  const url = `https://[${text}]`;
  // An address with a zone is one of this machine's links, not a place.
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : undefined;
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;
}

export const PORT: Kind<number> = { allowed: 'port', parse: (value) => (isPort(value) ? value : undefined) };
export const FLAG: Kind<boolean> = {
  allowed: 'flag',
  parse: (value) => (typeof value === 'boolean' ? value : undefined),
};
export const ADDRESS: Kind<string> = {
  allowed: 'address',
  parse: (value) => (typeof value === 'string' ? canonicalAddress(value) : undefined),
};
export const HOST = textKind('host', isHostName);
export const NODE = textKind('node', (text) => NODE_NAME.test(text));
export const SERVER = textKind('server', (text) => parseServerName(text) !== undefined);
export const LABEL = textKind('label', (text) => DNS_LABEL.test(text));
export const PINNED = textKind('pin', (text) => PIN.test(text));
export const NODE_KEY = textKind('key', (text) => parseNodeKey(text) !== undefined);
export const PATH = textKind('path', (text) => LINK_PATH.test(text));
export const PATH_SECRET = textKind('path-secret', (text) => /^[0-9A-Za-z_-]{16,64}$/.test(text));
export const URL_TEXT = textKind('url', (text) => /^https:\/\/[^\s]{1,500}$/.test(text) && URL.canParse(text));
export const CONTACT = textKind('contact', (text) => /^mailto:[^\s@,?]{1,100}@[^\s@,?]{1,253}$/.test(text));
export const CARRIER = textKind(
  'carrier',
  (text) => text === 'webrtc' || (/^wss:\/\/[^\s#@]{1,500}$/.test(text) && URL.canParse(text)),
);
export const TEXT = textKind('text', (text) => text.length <= 500);
export const PLACE = textKind('place', (text) => /^link:[0-9A-Za-z_-]{1,64}$/.test(text) || isHostAndPort(text));

/** One of some words. */
export function oneOf<const T extends string>(words: readonly T[]): Kind<T> {
  return {
    allowed: 'choice',
    allowedValues: { words: words.join(', ') },
    parse: (value) => words.find((one) => one === value),
  };
}

export const ROUTE_URL: Kind<ClientRoute> = {
  allowed: 'route',
  parse: (value) => {
    const match = typeof value === 'string' ? ROUTE.exec(value) : null;
    if (match === null) return undefined;
    const [text, scheme, rawHost = '', rawPort] = match;
    const { host, isLiteral } = splitServerName(rawHost);
    const port = rawPort === undefined ? PORT_OF_HTTPS : Number(rawPort);
    const known = isLiteral ? canonicalAddress(host) : isHostName(host) ? host.toLowerCase() : undefined;
    if (known === undefined || !isPort(port)) return undefined;
    return { text, scheme: scheme === 'webrtc' ? 'webrtc' : 'https', host: known, port, isLiteral };
  },
};
