/** The profile of Apple's systems: from iOS 14 and macOS 11 on they ask us for the names of the zone, and no others. */
import { build } from 'plist';
import { fill } from '../../text/cli/index.ts';
import type { DevicesTexts } from '../../text/devices/index.ts';
import type { DeviceFacts, DeviceFile } from './facts.ts';

/** `undefined` where the server has no DNS over HTTPS. */
export function appleProfile(
  system: 'ios' | 'macos',
  { zone, doh, uuidOf }: DeviceFacts,
  texts: DevicesTexts,
): DeviceFile | undefined {
  if (doh === undefined) return undefined;
  const identifier = `${zone.split('.').toReversed().join('.')}.postern.dns`;
  const name = fill(texts.profileName, { zone });
  const text = build({
    PayloadContent: [
      {
        PayloadType: 'com.apple.dnsSettings.managed',
        PayloadIdentifier: `${identifier}.settings`,
        PayloadUUID: uuidOf(`${identifier}.settings`),
        PayloadVersion: 1,
        PayloadDisplayName: name,
        DNSSettings: {
          DNSProtocol: 'HTTPS',
          ServerURL: doh.url,
          // With these nobody is asked where the resolver itself is.
          ...(doh.addresses.length > 0 && { ServerAddresses: [...doh.addresses] }),
          SupplementalMatchDomains: [zone],
        },
      },
    ],
    PayloadType: 'Configuration',
    PayloadIdentifier: identifier,
    PayloadUUID: uuidOf(identifier),
    PayloadVersion: 1,
    PayloadDisplayName: name,
    PayloadDescription: fill(texts.profileAbout, { url: doh.url, zone }),
    PayloadRemovalDisallowed: false,
  });
  const steps =
    system === 'ios'
      ? [texts.profileOpenIos, texts.profileInstallIos, texts.profileUndoIos]
      : [texts.profileOpenMacos, texts.profileInstallMacos, texts.profileUndoMacos];
  return {
    fileName: `postern-${zone}.mobileconfig`,
    text: `${text}\n`,
    steps: [...steps.map((one) => fill(one, { name })), texts.profileAgain],
  };
}
