import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { type Join, readJoin } from '../../deploy/join/token.ts';
import { fill } from '../../text/cli/index.ts';
import type { Command, Run } from '../command.ts';
import { startDns } from '../compose/dns.ts';
import { packageVersion } from '../compose/package-version.ts';
import { startRelay } from '../compose/relay.ts';
import { startServer } from '../compose/serve.ts';
import { parseSigningKeys } from '../compose/signing-key.ts';
import { checkConfig } from '../config/check.ts';
import { DEFAULT_FILE, type LoadedConfig } from '../config/load.ts';
import { ConfigError, readFileSource } from '../config/sources.ts';
import { configOf } from '../config-of.ts';
import { printResult } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';
import { announceDns } from './dns.ts';
import { announceRelay } from './relay.ts';
import { announceServer } from './serve.ts';

export const up: Command = {
  name: 'up',
  about: (texts) => texts.commandUp,
  usage: 'up [--join FILE|TOKEN [--no-start] [--force]] [--config FILE]',
  options: [
    { name: 'join', value: 'FILE', text: 'node.join of "postern render", or the token in it' },
    { name: 'no-start', text: 'write the files of the node and run nothing' },
    { name: 'force', text: 'write over files that differ' },
  ],
  takesConfig: true,
  async run(run) {
    const { options } = run.arguments;
    const token = options.get('join');
    if (token !== undefined) join(run, tokenOf(run, token));
    if (options.has('no-start')) return 0;
    const running = await start(run, configOf(run));
    await stopSignal(run);
    for (const one of running.toReversed()) await one.close();
    if (!run.arguments.json) console.log(run.texts.serveStopped);
    return 0;
  },
};

function tokenOf(run: Run, text: string): Join {
  const file = path.resolve(run.workingDir, text);
  const token = existsSync(file) ? readFileSync(file, 'utf8') : text;
  const found = readJoin(token);
  if (found === undefined) throw new ConfigError(run.texts.upNoToken);
  return found;
}

/** Writes what the token holds: the configuration, and the key of links beside the data. */
function join(run: Run, { node, config, linkKey }: Join): void {
  const { texts, workingDir } = run;
  const file = run.arguments.config ?? DEFAULT_FILE;
  const target = path.resolve(workingDir, file);
  const text = localText(config, file);
  const { dataDir } = checkConfig([readFileSource(text, file)]);
  const keyFile = path.resolve(path.dirname(target), dataDir, 'link.key');
  if (linkKey !== undefined) parseSigningKeys(linkKey);
  const wanted = [
    // It may hold the secret path.
    { file: target, text, mode: 0o600 },
    ...(linkKey === undefined ? [] : [{ file: keyFile, text: linkKey, mode: 0o600 }]),
  ].filter((one) => !existsSync(one.file) || readFileSync(one.file, 'utf8') !== one.text);
  const differing = wanted.filter((one) => existsSync(one.file));
  if (differing.length > 0 && !run.arguments.options.has('force')) {
    throw new ConfigError(differing.map((one) => fill(texts.upDiffers, { file: one.file })).join('\n'));
  }
  for (const one of wanted) {
    mkdirSync(path.dirname(one.file), { recursive: true, mode: 0o700 });
    writeFileSync(one.file, one.text, { mode: one.mode });
  }
  const said = wanted.length === 0 ? texts.upJoinedAlready : texts.upJoined;
  printResult(run, { node, file, written: wanted.length > 0 }, [fill(said, { node, file })]);
}

/** What was rendered for a unit, with its data beside the file, as whoever types the command expects. */
function localText(config: string, file: string): string {
  const value: unknown = parse(config);
  if (typeof value !== 'object' || value === null) throw new ConfigError(`${file}: the token holds no configuration`);
  return `# Written by "postern up --join".\n${stringify({ ...value, dataDir: './postern-data' })}`;
}

interface Running {
  close(): Promise<void>;
}

async function start(run: Run, { config, baseDir, dataDir }: LoadedConfig): Promise<Running[]> {
  const { environment } = run;
  const running: Running[] = [];
  if (config.roles.includes('homeserver')) {
    const server = await startServer({ config, baseDir, environment });
    running.push(server);
    await announceServer(server, run);
  }
  if (config.roles.includes('relay')) {
    const relay = await startRelay({ config, baseDir, dataDir, environment, version: packageVersion() });
    running.push(relay);
    announceRelay(run, config, relay);
  }
  // A homeserver answers for its zone by itself.
  if (config.roles.includes('dns') && !config.roles.includes('homeserver')) {
    const dns = await startDns(config);
    running.push(dns);
    announceDns(run, config, dns);
  }
  return running;
}
