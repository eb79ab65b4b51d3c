/** Files and instructions by which devices learn of a private zone. Text in, text out. DEPLOYMENT §9. */
import { fill } from '../../text/cli/index.ts';
import type { DevicesTexts } from '../../text/devices/index.ts';
import { assertPlain, type DeviceFacts, type DeviceFile, pairsOf } from './facts.ts';
import { type HostsCommands, unixHosts } from './hosts-unix.ts';
import { windowsHosts } from './hosts-windows.ts';
import { appleProfile } from './profile.ts';
import { adguard, dnsmasq, openwrt, routeros, sections } from './routers.ts';

export type { DeviceFacts, DeviceFile } from './facts.ts';
export { dohOf, hostsOf } from './facts.ts';
export { uuidOf } from './uuid.ts';

export const DEVICE_SYSTEMS = [
  'ios',
  'macos',
  'windows',
  'linux',
  'android',
  'openwrt',
  'dnsmasq',
  'routeros',
  'adguard',
] as const;

export type DeviceSystem = (typeof DEVICE_SYSTEMS)[number];

export interface DeviceChoice {
  readonly system: DeviceSystem;
  /** On macOS lines for the hosts file instead of a profile. */
  readonly hosts: boolean;
}

/** The file for a system; `undefined` where that needs DNS over HTTPS and the server has none. */
export function deviceFile(
  { system, hosts }: DeviceChoice,
  facts: DeviceFacts,
  texts: DevicesTexts,
): DeviceFile | undefined {
  assertPlain(facts);
  switch (system) {
    case 'ios':
      return appleProfile(system, facts, texts);
    case 'macos':
      return hosts ? hostsFile(system, facts, texts) : appleProfile(system, facts, texts);
    case 'windows':
    case 'linux':
      return hostsFile(system, facts, texts);
    case 'android':
      return android(facts, texts);
    case 'openwrt':
      return openwrt(facts, texts);
    case 'dnsmasq':
      return dnsmasq(facts, texts);
    case 'routeros':
      return routeros(facts, texts);
    case 'adguard':
      return adguard(facts, texts);
  }
}

function hostsFile(system: 'macos' | 'windows' | 'linux', facts: DeviceFacts, texts: DevicesTexts): DeviceFile {
  const isWindows = system === 'windows';
  const { install, undo }: HostsCommands = isWindows ? windowsHosts(facts) : unixHosts(system, facts);
  return {
    fileName: `postern-${facts.zone}-${system}.txt`,
    text: sections([
      [isWindows ? texts.hostsInstallWindows : texts.hostsInstall, [install]],
      [texts.hostsUndo, [undo]],
    ]),
    steps: [],
  };
}

function android(facts: DeviceFacts, texts: DevicesTexts): DeviceFile {
  const { zone, doh } = facts;
  const byBrowser = doh === undefined ? [] : [fill(texts.androidBrowser, { url: doh.url, zone })];
  const lines = [
    texts.androidIntro,
    texts.androidRouter,
    ...byBrowser,
    fill(texts.androidNot, { zone }),
    texts.androidUndo,
    '',
    texts.androidNames,
    ...pairsOf(facts).map(({ name, address }) => `${name} → ${address}`),
  ];
  return { fileName: `postern-${zone}-android.txt`, text: `${lines.join('\n')}\n`, steps: [] };
}
