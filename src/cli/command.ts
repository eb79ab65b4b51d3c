/** What every command is made of. */
import { parseArgs } from 'node:util';
import type { CliTexts } from '../text/cli/index.ts';
import { ConfigError, isConfigFlag, listConfigFlags } from './config/sources.ts';
import { nearest } from '../lib/nearest.ts';

export interface Option {
  readonly name: string;
  /** Shown in the help; `undefined` for a switch. */
  readonly value?: string;
  readonly text: string;
}

export interface Command {
  readonly name: string;
  readonly about: (texts: CliTexts) => string;
  readonly usage: string;
  readonly options: readonly Option[];
  /** How many arguments without a name it takes; none unless said. */
  readonly positionalsMax?: number;
  /** Whether configuration keys may be given as flags. */
  readonly takesConfig: boolean;
  run(run: Run): Promise<number>;
}

export interface Arguments {
  readonly help: boolean;
  readonly json: boolean;
  readonly config: string | undefined;
  readonly positionals: readonly string[];
  /** Everything as it was typed. */
  readonly raw: readonly string[];
  /** The command's own options that were given. */
  readonly options: ReadonlyMap<string, string>;
  /** Configuration keys that were given as flags. */
  readonly flags: Readonly<Record<string, string>>;
}

export interface Run {
  readonly texts: CliTexts;
  readonly arguments: Arguments;
  readonly workingDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

/**
 * Sorts arguments into the command's options and configuration flags. A value stands behind `=` or in the next
 * argument. Throws {@link ConfigError}.
 */
export function parseArguments(raw: readonly string[], command: Command): Arguments {
  const types = optionTypes(command);
  const { tokens } = parseArgs({
    args: [...raw],
    options: Object.fromEntries([...types].map(([name, type]) => [name, { type, ...(name === 'help' && HELP_SHORT) }])),
    strict: false,
    tokens: true,
  });
  const own = new Map<string, string>();
  const flags: [name: string, value: string][] = [];
  const positionals: string[] = [];
  // A positional that an option before it has taken as its value.
  let taken: Token | undefined;
  for (const [at, token] of tokens.entries()) {
    if (token.kind === 'positional' && token !== taken) positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const type = types.get(token.name);
    if (type === undefined && !(command.takesConfig && isConfigFlag(token.rawName)))
      throw unknownOption(token, command);
    if (type === 'boolean') own.set(token.name, switchValue(token));
    else if (type === 'string') own.set(token.name, requireValue(token, token.value));
    else {
      const next = tokens[at + 1];
      const follows = token.value === undefined && next?.kind === 'positional';
      if (follows) taken = next;
      flags.push([token.name, requireValue(token, follows ? next.value : token.value)]);
    }
  }
  checkCount(positionals, command);
  return {
    help: own.has('help'),
    json: own.has('json'),
    config: own.get('config'),
    positionals,
    raw,
    options: own,
    flags: Object.fromEntries(flags),
  };
}

const HELP_SHORT = { short: 'h' };

function optionTypes(command: Command): Map<string, 'string' | 'boolean'> {
  const types = new Map<string, 'string' | 'boolean'>([
    ['help', 'boolean'],
    ['json', 'boolean'],
    ['config', 'string'],
  ]);
  for (const { name, value } of command.options) types.set(name, value === undefined ? 'boolean' : 'string');
  return types;
}

function unknownOption({ rawName }: OptionToken, command: Command): ConfigError {
  const own = [...optionTypes(command).keys()].map((name) => `--${name}`);
  const guess = nearest(rawName, command.takesConfig ? [...own, ...listConfigFlags()] : own);
  const hint = guess === undefined ? '' : `did you mean ${guess}? `;
  return new ConfigError(`${rawName}: no such option; ${hint}"postern ${command.name} --help" lists them`);
}

/** A switch is there or not: with `--admin=false` nobody could tell what is meant. */
function switchValue({ rawName, value }: OptionToken): string {
  if (value !== undefined) throw new ConfigError(`${rawName} takes no value; leave it out to switch it off`);
  return 'true';
}

/** A value that begins with a hyphen is taken for a forgotten one unless `=` ties it to its option. */
function requireValue({ rawName, inlineValue }: OptionToken, value: string | undefined): string {
  if (value === undefined || (inlineValue !== true && value.startsWith('-'))) {
    throw new ConfigError(`${rawName} needs a value: ${rawName}=VALUE or ${rawName} VALUE`);
  }
  return value;
}

function checkCount(positionals: readonly string[], { name, positionalsMax = 0 }: Command): void {
  const extra = positionals[positionalsMax];
  if (extra !== undefined) throw new ConfigError(`"${extra}": one argument too many; see "postern ${name} --help"`);
}
