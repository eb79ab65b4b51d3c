/**
 * A way to one homeserver, as clients hold several of. Written as a URL:
 * `https://host[:port][/path]`, or `webrtc://address:port#fp=…&s=…` with the SHA-256 of the certificate and the secret
 * that opens the port, both in base64url. Plain `http://` leads to this very machine only.
 */
import { decodeBase64Url, encodeBase64Url } from '../../lib/base64.ts';

/** Where the far end stands, as a hint of how long it may take to answer. */
export const ROUTE_ZONES = ['home', 'idc', 'abroad'] as const;
export type RouteZone = (typeof ROUTE_ZONES)[number];

export interface WebRoute {
  readonly kind: 'web';
  /** Scheme, host, port and path, without a slash at its end: what request paths are appended to. */
  readonly baseUrl: string;
  readonly zone?: RouteZone;
}

export interface WebRtcRoute {
  readonly kind: 'webrtc';
  /** An IP address, without brackets. */
  readonly address: string;
  readonly port: number;
  /** SHA-256 of the certificate. */
  readonly fingerprint: Uint8Array;
  /** Opens the port: without it nothing answers there. */
  readonly secret: Uint8Array;
  readonly zone?: RouteZone;
}

export type Route = WebRoute | WebRtcRoute;

export const FINGERPRINT_BYTES = 32;
export const SECRET_BYTES_MIN = 16;
export const SECRET_BYTES_MAX = 32;

const WEB = /^(https?):\/\/(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z.-]{1,253})(?::([1-9][0-9]{0,4}))?(\/.*)?$/;
/** At most eight plain segments; `.` and `..` would be taken out by whoever resolves the URL. */
const PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[0-9A-Za-z._~-]{1,64}){0,8}$/;
const WEBRTC = /^webrtc:\/\/(\[[0-9A-Fa-f:.]{2,45}\]|[0-9.]{7,15}):([1-9][0-9]{0,4})#(.*)$/;
const PINS = /^fp=([0-9A-Za-z_-]{43})&s=([0-9A-Za-z_-]{22,43})$/;
const IPV4 = /^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$/;

/** The host as every resolver would write it, without brackets; `undefined` for what no URL can hold. */
function normalHost(host: string): string | undefined {
  try {
    return new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, '');
  } catch {
    return undefined;
  }
}

/** Whether a host (without brackets) is an IP address: a TLS connection to it names no server. */
export function isAddress(host: string): boolean {
  return host.includes(':') || IPV4.test(host);
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (IPV4.test(host) && host.startsWith('127.'));
}

function withZone<R extends object>(route: R, zone: RouteZone | undefined): R & { zone?: RouteZone } {
  return zone === undefined ? route : { ...route, zone };
}

function parseWeb(text: string, zone: RouteZone | undefined): WebRoute | undefined {
  const match = WEB.exec(text);
  if (match === null) return undefined;
  const [, scheme = '', rawHost = '', port, rawPath = ''] = match;
  const path = rawPath.replace(/\/$/, '');
  const host = normalHost(rawHost);
  if (!PATH.test(path)) return undefined;
  if (host === undefined || Number(port ?? 1) > 65_535) return undefined;
  if (scheme === 'http' && !isLoopback(host)) return undefined;
  const isDefault = port === undefined || Number(port) === (scheme === 'https' ? 443 : 80);
  const baseUrl = `${scheme}://${bracketed(host)}${isDefault ? '' : `:${port}`}${path}`;
  return withZone({ kind: 'web', baseUrl } as const, zone);
}

function parseWebRtc(text: string, zone: RouteZone | undefined): WebRtcRoute | undefined {
  const match = WEBRTC.exec(text);
  const pins = PINS.exec(match?.[3] ?? '');
  if (match === null || pins === null) return undefined;
  const address = normalHost(match[1] ?? '');
  const port = Number(match[2]);
  const fingerprint = decodeBase64Url(pins[1] ?? '');
  const secret = decodeBase64Url(pins[2] ?? '');
  if (address === undefined || !isAddress(address) || port > 65_535) return undefined;
  if (fingerprint?.length !== FINGERPRINT_BYTES || secret === undefined || !isSecret(secret)) return undefined;
  return withZone({ kind: 'webrtc', address, port, fingerprint, secret } as const, zone);
}

function isSecret(bytes: Uint8Array): boolean {
  return bytes.length >= SECRET_BYTES_MIN && bytes.length <= SECRET_BYTES_MAX;
}

/** Reads a route; `undefined` for anything that is none. */
export function parseRoute(text: string, zone?: RouteZone): Route | undefined {
  return text.startsWith('webrtc:') ? parseWebRtc(text, zone) : parseWeb(text, zone);
}

/** The text of a route, secret and all: {@link parseRoute} reads it back. */
export function formatRoute(route: Route): string {
  if (route.kind === 'web') return route.baseUrl;
  const { fingerprint, secret } = route;
  return `${routeName(route)}#fp=${encodeBase64Url(fingerprint)}&s=${encodeBase64Url(secret)}`;
}

/** Where a route leads, without its path and secrets: fit to be shown, and to be known again after a rotation. */
export function routeName(route: Route): string {
  if (route.kind === 'webrtc') return `webrtc://${bracketed(route.address)}:${route.port}`;
  return new URL(route.baseUrl).protocol + '//' + new URL(route.baseUrl).host;
}

/** The zone named by a text from outside, if it is one. */
export function parseZone(value: unknown): RouteZone | undefined {
  return ROUTE_ZONES.find((zone) => zone === value);
}
