/** The configuration of this run, from file, environment and flags. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkConfig } from './check.ts';
import type { Config } from './schema.ts';
import { ConfigError, readEnvironment, readFileSource, readFlags, type Source } from './sources.ts';

/** Read where no `--config` is given and it exists. */
export const DEFAULT_FILE = 'postern.yaml';

export interface LoadOptions {
  readonly file: string | undefined;
  readonly workingDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, string>>;
}

export interface LoadedConfig {
  readonly config: Config;
  /** The folder that relative paths of the configuration start from: the file's, else the working folder. */
  readonly baseDir: string;
  /** `dataDir` of the configuration, from there. */
  readonly dataDir: string;
  readonly file: string | undefined;
}

/** Throws {@link ConfigError} with every mistake found. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const sources: Source[] = [];
  const file = options.file ?? (existsSync(path.join(options.workingDir, DEFAULT_FILE)) ? DEFAULT_FILE : undefined);
  if (file !== undefined) sources.push(readFileSource(readText(path.resolve(options.workingDir, file), file), file));
  sources.push(...readEnvironment(options.environment), ...readFlags(options.flags));
  const config = checkConfig(sources);
  const baseDir = file === undefined ? options.workingDir : path.dirname(path.resolve(options.workingDir, file));
  return { config, baseDir, dataDir: path.resolve(baseDir, config.dataDir), file };
}

function readText(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: the file cannot be read; "postern init" writes one`, { cause });
  }
}
