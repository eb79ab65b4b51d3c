/**
 * Routes as an invite packs them: `[kind + 8 × zone, host, port?, path?]`. A host is four or sixteen bytes, or a name,
 * with a dot at its end where the server's own name follows; a path is text, or `true` for that of the route before.
 */
import { encodeBase64Url } from '../../lib/base64.ts';
import { formatRoute, isAddress, parseRoute, ROUTE_ZONES, type Route, type RouteZone } from './route.ts';

const KINDS = ['https', 'http', 'webrtc'] as const;
const ZONE_STEP = 8;
const DEFAULT_PORTS: Readonly<Record<(typeof KINDS)[number], number>> = { https: 443, http: 80, webrtc: 0 };

type PackedRoute = readonly (number | string | boolean | Uint8Array)[];

interface Shared {
  /** The host of the server's name. */
  readonly host: string;
  readonly fingerprint: Uint8Array | undefined;
  readonly secret: Uint8Array | undefined;
}

function packAddress(address: string): Uint8Array {
  if (!address.includes(':')) return Uint8Array.from(address.split('.'), Number);
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const front = groups(head);
  const back = groups(tail ?? '');
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => '0');
  const words = [...front, ...zeros, ...back].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 255]));
}

function unpackAddress(bytes: Uint8Array): string | undefined {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return undefined;
  const words = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0));
  return `[${words.map((word) => word.toString(16)).join(':')}]`;
}

function packHost(host: string, own: string): string | Uint8Array {
  if (isAddress(host)) return packAddress(host);
  return host === own ? '.' : host.endsWith(`.${own}`) ? host.slice(0, -own.length) : host;
}

function unpackHost(value: unknown, own: string): string | undefined {
  if (value instanceof Uint8Array) return unpackAddress(value);
  if (typeof value !== 'string') return undefined;
  if (value === '.') return own;
  return value.endsWith('.') ? value + own : value;
}

function packRoute(route: Route, own: string, pathBefore: string | undefined): PackedRoute {
  const url = new URL(route.kind === 'web' ? route.baseUrl : formatRoute(route).replace('webrtc:', 'http:'));
  const kind = route.kind === 'webrtc' ? 'webrtc' : url.protocol === 'http:' ? 'http' : 'https';
  const zone = route.zone === undefined ? 0 : 1 + ROUTE_ZONES.indexOf(route.zone);
  const head = KINDS.indexOf(kind) + ZONE_STEP * zone;
  const host = packHost(url.hostname.replace(/^\[|\]$/g, ''), own);
  const port = route.kind === 'webrtc' ? route.port : Number(url.port || DEFAULT_PORTS[kind]);
  const path = route.kind === 'web' && url.pathname !== '/' ? url.pathname.slice(1) : undefined;
  if (path !== undefined) return [head, host, port, path === pathBefore ? true : path];
  return port === DEFAULT_PORTS[kind] ? [head, host] : [head, host, port];
}

/** Packs routes; `own` is the host of the server's name. */
export function packRoutes(routes: readonly Route[], own: string): PackedRoute[] {
  let pathBefore: string | undefined;
  return routes.map((route) => {
    const packed = packRoute(route, own, pathBefore);
    if (typeof packed[3] === 'string') pathBefore = packed[3];
    return packed;
  });
}

interface Head {
  readonly kind: (typeof KINDS)[number];
  readonly zone: RouteZone | undefined;
}

function unpackHead(value: unknown): Head | undefined {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return undefined;
  const kind = KINDS[value % ZONE_STEP];
  const zone = Math.floor(value / ZONE_STEP);
  return kind === undefined || zone > ROUTE_ZONES.length ? undefined : { kind, zone: ROUTE_ZONES[zone - 1] };
}

function webRtcRoute(place: string, { fingerprint, secret }: Shared, zone: RouteZone | undefined): Route | undefined {
  if (fingerprint === undefined || secret === undefined) return undefined;
  const pins = `#fp=${encodeBase64Url(fingerprint)}&s=${encodeBase64Url(secret)}`;
  return parseRoute(`webrtc://${place}${pins}`, zone);
}

function unpackRoute(value: unknown, shared: Shared, pathBefore: string | undefined): Route | undefined {
  if (!Array.isArray(value) || value.length < 2 || value.length > 4) return undefined;
  const items: readonly unknown[] = value;
  const head = unpackHead(items[0]);
  const host = unpackHost(items[1], shared.host);
  if (head === undefined || host === undefined) return undefined;
  const port = items[2] ?? DEFAULT_PORTS[head.kind];
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined;
  if (head.kind === 'webrtc') {
    return items.length === 3 ? webRtcRoute(`${host}:${port}`, shared, head.zone) : undefined;
  }
  const path = items[3] === true ? pathBefore : (items[3] ?? '');
  if (typeof path !== 'string' || (items.length === 4 && path === '')) return undefined;
  return parseRoute(`${head.kind}://${host}:${port}${path === '' ? '' : `/${path}`}`, head.zone);
}

/** Reads packed routes; `undefined` where one of them is none. */
export function unpackRoutes(value: unknown, shared: Shared): Route[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const routes: Route[] = [];
  let pathBefore: string | undefined;
  for (const item of value) {
    const route = unpackRoute(item, shared, pathBefore);
    if (route === undefined) return undefined;
    const path: unknown = Array.isArray(item) ? item[3] : undefined;
    if (typeof path === 'string') pathBefore = path;
    routes.push(route);
  }
  return routes;
}
