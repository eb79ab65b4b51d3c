import path from 'node:path';
import { diagnose } from '../../deploy/doctor/diagnose.ts';
import { gatherLocalFacts } from '../../deploy/facts/local.ts';
import { fill } from '../../text/cli/index.ts';
import { doctorTexts } from '../../text/doctor/index.ts';
import type { Command } from '../command.ts';
import { publicUrl } from '../compose/serve.ts';
import { webFolder } from '../compose/listeners.ts';
import type { Config } from '../config/schema.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';

const MARKS = { error: '✗', warning: '!', hint: '·' } as const;

export const doctor: Command = {
  name: 'doctor',
  about: (texts) => texts.commandDoctor,
  usage: 'doctor [--config FILE]',
  options: [],
  takesConfig: true,
  async run(run) {
    const { config, dataDir } = configOf(run);
    const findings = diagnose(
      await gatherLocalFacts({
        dataDir,
        signingKey: signingKeyPath(config, dataDir),
        webFolder: webFolder(),
        listeners: config.listeners,
        config: configFacts(config),
      }),
    );
    const words = doctorTexts(run.environment['LC_ALL'] ?? run.environment['LANG']);
    const told = findings.map((one) => ({ ...one, text: fill(words[one.name], one.values) }));
    const lines = told.flatMap((one) => [
      `${MARKS[one.severity]} ${one.text}`,
      `    ${fill(run.texts.doctorType, { command: one.command })}`,
    ]);
    const title = told.length === 0 ? run.texts.doctorGood : fill(run.texts.doctorFound, { count: told.length });
    printResult(run, { findings: told }, [title, ...lines]);
    return told.some((one) => one.severity === 'error') ? 1 : 0;
  },
};

function signingKeyPath({ signingKey }: Config, dataDir: string): string | undefined {
  const isFile = typeof signingKey === 'object' && signingKey !== null && 'file' in signingKey;
  return isFile ? path.resolve(dataDir, signingKey.file) : undefined;
}

function configFacts(config: Config): Parameters<typeof gatherLocalFacts>[0]['config'] {
  const isLocal = (address: string): boolean => address === '::1' || address.startsWith('127.');
  return {
    serverName: config.serverName,
    publicBaseUrl: publicUrl(config),
    registrationMode: config.registration.mode,
    engine: config.storage.engine,
    isEncrypted: config.storage.encryption.key !== null,
    rateLimits: config.rateLimits.enabled,
    passwordCost: config.passwords.cost,
    listensPublicly: config.listeners.some((one) => !isLocal(one.address)),
    hasTls: config.listeners.some((one) => one.tls !== undefined),
  };
}
