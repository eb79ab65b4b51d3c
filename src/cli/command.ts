/** What every command is made of. */
import { parseArgs } from 'node:util';
import type { CliTexts } from '../text/cli/index.ts';
import { ConfigError } from './config/sources.ts';

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

/** Sorts arguments into the command's options and configuration flags. Throws {@link ConfigError}. */
export function parseArguments(raw: readonly string[], command: Command): Arguments {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
    json: { type: 'boolean' },
    config: { type: 'string' },
  };
  for (const option of command.options)
    options[option.name] = { type: option.value === undefined ? 'boolean' : 'string' };
  const parsed = parseArgs({ args: [...raw], options, strict: false, allowPositionals: true, tokens: true });
  const own = new Map<string, string>();
  const flags: Record<string, string> = {};
  for (const token of parsed.tokens) {
    if (token.kind !== 'option') continue;
    if (options[token.name] !== undefined) own.set(token.name, token.value ?? 'true');
    else if (command.takesConfig && token.value !== undefined) flags[token.name] = token.value;
    else throw new ConfigError(`${token.rawName}: no such option; "postern ${command.name} --help" lists them`);
  }
  return {
    help: own.has('help'),
    json: own.has('json'),
    config: own.get('config'),
    positionals: parsed.positionals,
    raw,
    options: own,
    flags,
  };
}
