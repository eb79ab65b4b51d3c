/** Routers and resolvers of a local network: all its devices know the zone then, and need nothing themselves. */
import { fill } from '../../text/cli/index.ts';
import type { DevicesTexts } from '../../text/devices/index.ts';
import { type DeviceFacts, type DeviceFile, pairsOf } from './facts.ts';

/** A part of dnsmasq's configuration. */
export function dnsmasq(facts: DeviceFacts, texts: DevicesTexts): DeviceFile {
  const { zone } = facts;
  const fileName = `postern-${zone}.conf`;
  const lines = pairsOf(facts).map(({ name, address }) => `address=/${name}/${address}`);
  return {
    fileName,
    text: `${[`# postern ${zone}`, ...lines].join('\n')}\n`,
    steps: [texts.dnsmasqInstall, fill(texts.dnsmasqUndo, { file: fileName }), texts.dnsmasqBelow],
  };
}

/** OpenWrt keeps dnsmasq's configuration in its own. */
export function openwrt(facts: DeviceFacts, texts: DevicesTexts): DeviceFile {
  const entries = pairsOf(facts).map(({ name, address }) => `"/${name}/${address}"`);
  const key = '"dhcp.@dnsmasq[0].address=$one"';
  const end = 'uci commit dhcp; /etc/init.d/dnsmasq restart';
  const each = (what: string): string => `for one in ${entries.join(' ')}; do ${what}; done; ${end}`;
  const drop = `uci -q del_list ${key}`;
  return {
    fileName: `postern-${facts.zone}-openwrt.txt`,
    text: sections([
      [texts.openwrtInstall, [each(`${drop}; uci add_list ${key}`)]],
      [texts.openwrtUndo, [each(drop)]],
    ]),
    steps: [texts.dnsmasqBelow],
  };
}

/** MikroTik's RouterOS; what is ours bears a comment. */
export function routeros(facts: DeviceFacts, texts: DevicesTexts): DeviceFile {
  const comment = `comment="postern ${facts.zone}"`;
  const drop = `/ip dns static remove [find ${comment}]`;
  const add = pairsOf(facts).map(({ name, address }) => {
    const type = address.includes(':') ? 'AAAA' : 'A';
    return `/ip dns static add name="${name}" type=${type} address=${address} ${comment}`;
  });
  return {
    fileName: `postern-${facts.zone}-routeros.txt`,
    text: sections([
      [texts.routerosInstall, [drop, ...add]],
      [texts.routerosUndo, [drop]],
    ]),
    steps: [],
  };
}

/** AdGuard Home, by its own API. */
export function adguard(facts: DeviceFacts, texts: DevicesTexts): DeviceFile {
  const call = (what: string, { name, address }: { name: string; address: string }): string =>
    `curl -fsS -u "$ADGUARD_LOGIN" -H "Content-Type: application/json" ` +
    `-d '${JSON.stringify({ domain: name, answer: address })}' "$ADGUARD/control/rewrite/${what}"`;
  const pairs = pairsOf(facts);
  return {
    fileName: `postern-${facts.zone}-adguard.txt`,
    text: sections([
      [texts.adguardInstall, pairs.flatMap((pair) => [call('delete', pair), call('add', pair)])],
      [texts.adguardUndo, pairs.map((pair) => call('delete', pair))],
    ]),
    steps: [],
  };
}

/** What to do, as comments, and the lines that do it. */
export function sections(parts: readonly (readonly [about: string, lines: readonly string[]])[]): string {
  return `${parts.map(([about, lines]) => [`# ${about}`, ...lines].join('\n')).join('\n\n')}\n`;
}
