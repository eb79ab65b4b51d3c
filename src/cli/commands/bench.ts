import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { siblingUrl } from '../../lib/sibling-url.ts';
import type { Command } from '../command.ts';

export const bench: Command = {
  name: 'bench',
  about: (texts) => texts.commandBench,
  usage: 'bench [--scenario B1,B4] [--target FILE …] [--rounds N] [--seed N] [--short] [--out FILE] [--html FILE]',
  options: [
    {
      name: 'scenario',
      value: 'LIST',
      text: 'B1 B2 B3 B4 B5 B6 B8 B8F B9 B10 B11 B12 B14 B15 B16 B18; all unless given',
    },
    { name: 'target', value: 'FILE', text: 'a server by its target file; a Postern is started where none is given' },
    { name: 'rounds', value: 'N', text: 'how often each scenario runs' },
    { name: 'seed', value: 'N', text: 'repeats a run' },
    { name: 'short', text: 'small sizes, for a first look' },
    { name: 'out', value: 'FILE', text: 'append one JSON line a measurement' },
    { name: 'html', value: 'FILE', text: 'write a page with plots' },
  ],
  takesConfig: false,
  run(run) {
    // The load generator is a program of its own: it shares nothing with the server but the machine.
    const program = fileURLToPath(siblingUrl(new URL('../../bench/', import.meta.url).href + suffix(), 'run'));
    // With the options of this process, which it passes on: the server that it measures runs as it does elsewhere.
    const options = [...process.execArgv, program, ...run.arguments.raw];
    const child = spawn(process.execPath, options, { stdio: 'inherit', cwd: run.workingDir });
    return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  },
};

/** `siblingUrl` tells source from build by the extension of a module beside the target. */
function suffix(): string {
  return import.meta.url.endsWith('.ts') ? 'run.ts' : 'run.js';
}
