/** The routes of clients: what each key allows beyond its type, and what they do not allow together. */
import { isIP } from 'node:net';
import { isAddress, parseRoute, type RouteZone } from '../../matrix/routes/route.ts';
import type { ConfiguredRoute } from '../../server/routes/index.ts';
import type { Config } from './schema.ts';

const WEBRTC = /^webrtc:\/\/(\[[0-9A-Fa-f:.]+\]|[0-9.]+):([0-9]{1,5})$/;

/** Reads one route of the configuration; `undefined` for what is none. */
export function readConfiguredRoute({ url, zone }: { url: string; zone?: RouteZone }): ConfiguredRoute | undefined {
  const place = WEBRTC.exec(url);
  const where = zone === undefined ? {} : { zone };
  if (place === null) {
    const route = parseRoute(url);
    return route?.kind === 'web' ? { kind: 'web', baseUrl: route.baseUrl, ...where } : undefined;
  }
  const [, host = '', port] = place;
  const address = host.replace(/^\[|\]$/g, '');
  const isUsable = isAddress(address) && isIP(address) !== 0 && Number(port) >= 1 && Number(port) <= 65_535;
  return isUsable ? { kind: 'webrtc', address, port: Number(port), ...where } : undefined;
}

/** What is wrong below `routes`. */
export function routeMistakes({ routes }: Config): string[] {
  const found: string[] = [];
  for (const [index, one] of routes.list.entries()) {
    if (readConfiguredRoute(one) !== undefined) continue;
    found.push(
      `routes.list[${index}].url is ${JSON.stringify(one.url).slice(0, 60)}; allowed is https://host[:port][/path] ` +
        'or webrtc://address:port',
    );
  }
  const hasDirect = routes.list.some(({ url }) => url.startsWith('webrtc:'));
  if (hasDirect && routes.webRtc === null) {
    found.push('routes.list names a webrtc:// route, but routes.webRtc is not set; set its address and port');
  }
  if (!hasDirect && routes.webRtc !== null) {
    found.push('routes.webRtc is set, but routes.list names no webrtc:// route; add how the port is seen from outside');
  }
  if (routes.webRtc !== null && isIP(routes.webRtc.address) === 0) {
    found.push(`routes.webRtc.address is ${JSON.stringify(routes.webRtc.address)}; allowed is an IP address`);
  }
  if (routes.stealth && routes.pathSecret === null) {
    found.push('routes.stealth needs routes.pathSecret; set one, or leave stealth out');
  }
  return found;
}
