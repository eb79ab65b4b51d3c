/** The program `postern`: finds the command, loads it alone, and turns its failure into a sentence. */
import { type CliTexts, cliTexts, fill } from '../text/cli/index.ts';
import { ConfigError } from './config/sources.ts';
import { nearest } from '../lib/nearest.ts';
import { printFailure, printHelp } from './output.ts';
import { type Command, parseArguments, type Run } from './command.ts';

/** Commands load when they are called: `postern serve` starts in under a second. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  init: async () => (await import('./commands/init.ts')).init,
  user: async () => (await import('./commands/user.ts')).user,
  invite: async () => (await import('./commands/invite.ts')).invite,
  routes: async () => (await import('./commands/routes.ts')).routes,
  link: async () => (await import('./commands/link.ts')).link,
  relay: async () => (await import('./commands/relay.ts')).relay,
  plan: async () => (await import('./commands/plan.ts')).plan,
  up: async () => (await import('./commands/up.ts')).up,
  render: async () => (await import('./commands/render.ts')).render,
  dns: async () => (await import('./commands/dns.ts')).dns,
  devices: async () => (await import('./commands/devices.ts')).devices,
  bench: async () => (await import('./commands/bench.ts')).bench,
  cert: async () => (await import('./commands/cert.ts')).cert,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
};

/** Exit code where arguments or configuration are wrong, so that trying again is of no use. */
const WRONG_ARGUMENTS = 2;

async function main(rawArguments: readonly string[]): Promise<number> {
  const texts = cliTexts(process.env['LC_ALL'] ?? process.env['LANG']);
  const [name, ...rest] = rawArguments;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    printHelp(texts, Object.keys(COMMANDS));
    return name === undefined ? WRONG_ARGUMENTS : 0;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const guess = nearest(name, Object.keys(COMMANDS));
    const hint = guess === undefined ? '' : ` ${fill(texts.didYouMean, { name: guess })}`;
    console.error(fill(texts.unknownCommand, { name }) + hint);
    return WRONG_ARGUMENTS;
  }
  const command = await load();
  try {
    return await runCommand(command, rest, texts);
  } catch (error) {
    printFailure(error, { texts, json: rest.includes('--json') });
    return error instanceof ConfigError ? WRONG_ARGUMENTS : 1;
  }
}

async function runCommand(command: Command, rawArguments: readonly string[], texts: CliTexts): Promise<number> {
  const run: Run = {
    texts,
    arguments: parseArguments(rawArguments, command),
    workingDir: process.cwd(),
    environment: process.env,
    isTerminal: process.stdout.isTTY === true,
  };
  if (!run.arguments.help) return await command.run(run);
  printHelp(texts, Object.keys(COMMANDS), command);
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
