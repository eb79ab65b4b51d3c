import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseTopology } from '../deploy/topology/check.ts';
import { mistakeText } from '../deploy/topology/describe.ts';
import type { Topology } from '../deploy/topology/topology.ts';
import { topologyTexts } from '../text/topology/index.ts';
import type { Run } from './command.ts';
import { ConfigError, readFileSource } from './config/sources.ts';

/** Read where no `--topology` is given. */
export const TOPOLOGY_FILE = 'postern.topology.yaml';

/** More than any file that people write; what is larger is another file. */
const TOPOLOGY_BYTES_MAX = 1_048_576;

export interface LoadedTopology {
  readonly topology: Topology;
  /** As it was named. */
  readonly file: string;
}

/** The locale of this run, as POSIX names it. */
export function localeOf({ environment }: Run): string | undefined {
  return environment['LC_ALL'] ?? environment['LANG'];
}

/** The topology that a command works with. Throws {@link ConfigError} with every mistake found. */
export function topologyOf(run: Run): LoadedTopology {
  const file = run.arguments.options.get('topology') ?? TOPOLOGY_FILE;
  const source = readFileSource(readText(path.resolve(run.workingDir, file), file), file);
  const { topology, mistakes } = parseTopology(source.value);
  if (topology !== undefined) return { topology, file };
  const texts = topologyTexts(localeOf(run));
  throw new ConfigError(mistakes.map((one) => `${source.place(one.path)}: ${mistakeText(one, texts)}`).join('\n'));
}

function readText(file: string, name: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(`${name}: the file cannot be read; docs/deploying/plan.md shows one`, { cause });
  }
  if (text.length > TOPOLOGY_BYTES_MAX) throw new ConfigError(`${name}: larger than 1 MiB, no topology`);
  return text;
}
