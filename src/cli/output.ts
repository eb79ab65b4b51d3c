/** Printing: help, results and failures, for people or as JSON for programs. */
import { type CliTexts, fill } from '../text/cli/index.ts';
import type { Command, Run } from './command.ts';
import { ConfigError } from './config/sources.ts';

const ABOUT: Readonly<Record<string, keyof CliTexts>> = {
  serve: 'commandServe',
  init: 'commandInit',
  user: 'commandUser',
  invite: 'commandInvite',
  routes: 'commandRoutes',
  link: 'commandLink',
  relay: 'commandRelay',
  plan: 'commandPlan',
  render: 'commandRender',
  up: 'commandUp',
  dns: 'commandDns',
  devices: 'commandDevices',
  bench: 'commandBench',
  cert: 'commandCert',
  doctor: 'commandDoctor',
};

/** What went wrong with the storage, by the kind of its error. */
const STORAGE_TEXTS: Readonly<Record<string, keyof CliTexts>> = {
  'data-folder-in-use': 'dataLocked',
  'storage-key-wrong': 'storageKeyWrong',
  'storage-not-readable': 'storageNotReadable',
  'schema-too-new': 'schemaTooNew',
  'database-unreachable': 'databaseUnreachable',
  'database-in-use': 'databaseInUse',
};

/** Help for the program, or for one command. */
export function printHelp(texts: CliTexts, commands: readonly string[], command?: Command): void {
  const lines = command === undefined ? programHelp(texts, commands) : commandHelp(texts, command);
  console.log(lines.join('\n'));
}

function programHelp(texts: CliTexts, commands: readonly string[]): string[] {
  const about = (name: string): string => {
    const key = ABOUT[name];
    return key === undefined ? '' : texts[key];
  };
  return [
    texts.about,
    '',
    texts.usage,
    '',
    `${texts.commands}:`,
    ...commands.map((one) => `  ${one.padEnd(10)}${about(one)}`),
  ];
}

function commandHelp(texts: CliTexts, command: Command): string[] {
  const options = [
    ...command.options.map((one) => [`--${one.name}${one.value === undefined ? '' : ` ${one.value}`}`, one.text]),
    ...(command.takesConfig ? [['--config FILE', texts.optionConfig]] : []),
    ['--json', texts.optionJson],
    ['--help', texts.optionHelp],
  ];
  return [
    command.about(texts),
    '',
    `postern ${command.usage}`,
    '',
    `${texts.options}:`,
    ...options.map(([name, text]) => `  ${(name ?? '').padEnd(24)}${text ?? ''}`),
  ];
}

/** Prints a result: the value as JSON, or the lines that say it. */
export function printResult(run: Run, value: unknown, lines: readonly string[]): void {
  console.log(run.arguments.json ? JSON.stringify(value) : lines.join('\n'));
}

/** Says why a command failed, in one sentence; what is a bug of ours is shown whole. */
export function printFailure(error: unknown, { texts, json }: { texts: CliTexts; json: boolean }): void {
  const reason = reasonOf(error, texts);
  if (json) console.log(JSON.stringify({ error: reason ?? String(error) }));
  else if (reason !== undefined) console.error(fill(texts.failed, { reason }));
  else console.error(error);
}

function reasonOf(error: unknown, texts: CliTexts): string | undefined {
  if (error instanceof ConfigError) return error.message;
  if (!(error instanceof Error)) return undefined;
  const system = error as NodeJS.ErrnoException & { port?: number; address?: string };
  if (system.code === 'EADDRINUSE') {
    return fill(texts.portTaken, { port: system.port ?? 0, address: system.address ?? '' });
  }
  if (system.code === 'EACCES' && system.syscall !== undefined && /^(?:bind|listen)$/.test(system.syscall)) {
    return fill(texts.portForbidden, { port: system.port ?? 0, address: system.address ?? '' });
  }
  const known = Object.entries(STORAGE_TEXTS).find(([kind]) => system.message.startsWith(kind));
  if (known !== undefined) return texts[known[1]];
  if (system.name === 'MatrixError' || system.name === 'OperationError') return system.message;
  return undefined;
}
