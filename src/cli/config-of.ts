import type { Run } from './command.ts';
import { type LoadedConfig, loadConfig } from './config/load.ts';

/** The configuration that a command runs with. Throws {@link ConfigError} with every mistake found. */
export function configOf({ arguments: { config, flags }, workingDir, environment }: Run): LoadedConfig {
  return loadConfig({ file: config, workingDir, environment, flags });
}
