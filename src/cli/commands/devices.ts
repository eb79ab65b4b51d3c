import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createCrypto } from '../../adapters/crypto/index.ts';
import {
  DEVICE_SYSTEMS,
  type DeviceFacts,
  deviceFile,
  type DeviceSystem,
  dohOf,
  hostsOf,
  uuidOf,
} from '../../deploy/devices/index.ts';
import { fill } from '../../text/cli/index.ts';
import { type DevicesTexts, devicesTexts } from '../../text/devices/index.ts';
import type { Command, Run } from '../command.ts';
import { publicUrl } from '../compose/serve.ts';
import { zoneOf } from '../config/check-dns.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/sources.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';

export const devices: Command = {
  name: 'devices',
  about: (texts) => texts.commandDevices,
  usage: `devices --os ${DEVICE_SYSTEMS.join('|')} [--out FILE]`,
  options: [
    { name: 'os', value: 'SYSTEM', text: DEVICE_SYSTEMS.join(', ') },
    { name: 'out', value: 'FILE', text: 'write it there' },
    { name: 'hosts', text: 'macos: lines for the hosts file instead of a profile' },
    { name: 'lang', value: 'LANGUAGE', text: 'en or zh; that of the environment unless given' },
  ],
  takesConfig: true,
  async run(run) {
    const { options } = run.arguments;
    const system = systemOf(options.get('os'));
    const hosts = options.has('hosts');
    if (hosts && system !== 'macos') throw new ConfigError('--hosts: it goes with --os macos only');
    const texts = textsOf(run);
    const facts = await factsOf(configOf(run).config);
    const file = deviceFile({ system, hosts }, facts, texts);
    if (file === undefined) {
      const instead = system === 'macos' ? '; or take --hosts' : '';
      throw new ConfigError(
        `--os ${system} needs DNS over HTTPS: give a listener with tls the api "dns", and set publicBaseUrl to an ` +
          `https:// URL${instead}`,
      );
    }
    const out = options.get('out');
    if (out === undefined) {
      // What to do with the file goes beside it, so that its text can be sent into a file.
      if (!run.arguments.json && file.steps.length > 0) console.error(`${file.steps.join('\n')}\n`);
      printResult(run, { os: system, ...file }, [file.text.trimEnd()]);
      return 0;
    }
    writeFileSync(path.resolve(run.workingDir, out), file.text);
    printResult(run, { os: system, file: out, steps: file.steps }, [fill(texts.written, { file: out }), ...file.steps]);
    return 0;
  },
};

function systemOf(text: string | undefined): DeviceSystem {
  const system = DEVICE_SYSTEMS.find((one) => one === text);
  if (system === undefined) {
    throw new ConfigError(`--os is ${JSON.stringify(text ?? 'absent')}; allowed are ${DEVICE_SYSTEMS.join(', ')}`);
  }
  return system;
}

function textsOf({ arguments: { options }, environment }: Run): DevicesTexts {
  const language = options.get('lang');
  if (language !== undefined && language !== 'en' && language !== 'zh') {
    throw new ConfigError(`--lang is ${JSON.stringify(language)}; allowed are en, zh`);
  }
  return devicesTexts(language ?? environment['LC_ALL'] ?? environment['LANG']);
}

async function factsOf(config: Config): Promise<DeviceFacts> {
  const zone = zoneOf(config);
  if (zone === undefined)
    throw new ConfigError('dns is not set; it says what is told to devices: dns.zone, dns.records');
  const crypto = await createCrypto();
  const hosts = hostsOf(zone);
  if (hosts.length === 0) throw new ConfigError('dns.records has no A or AAAA; there is nothing to tell devices');
  const isServed = config.listeners.some(({ apis }) => apis.includes('dns'));
  return {
    zone: zone.name,
    hosts,
    doh: isServed ? dohOf(publicUrl(config), zone) : undefined,
    uuidOf: (name) => uuidOf(crypto, name),
  };
}
