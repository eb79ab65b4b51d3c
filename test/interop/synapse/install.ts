/** A real Synapse from PyPI in a virtual environment of its own, kept between runs. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const SYNAPSE_VERSION = '1.163.2';
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/postern/', import.meta.url));
const FOLDER = path.join(CACHE, `synapse-${SYNAPSE_VERSION}`);
/** Written last: a folder without it is half an installation. */
const DONE = path.join(FOLDER, 'installed');
const PYTHONS = ['python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3'];

/** The Python that runs Synapse; `undefined` where it has not been installed. */
export function findSynapse(): string | undefined {
  return existsSync(DONE) ? path.join(FOLDER, 'bin/python') : undefined;
}

/** A Python that Synapse supports and that can make virtual environments. */
async function findPython(): Promise<string | undefined> {
  const check = 'import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 10) else 1)';
  for (const name of PYTHONS) {
    const works = await run(name, ['-c', check]).then(
      () => true,
      () => false,
    );
    if (works) return name;
  }
  return undefined;
}

/** Installs Synapse where it is not there yet; why not, when that cannot be, or not in that time. */
export async function installSynapse(timeoutMs: number, say: (text: string) => void): Promise<string | undefined> {
  if (findSynapse() !== undefined) return undefined;
  const python = await findPython();
  if (python === undefined) return 'no Python from 3.10 on with the modules venv and ensurepip (Debian: python3-venv)';
  say(`installing matrix-synapse ${SYNAPSE_VERSION} from PyPI into ${path.relative(process.cwd(), FOLDER)}`);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  try {
    await run(python, ['-m', 'venv', FOLDER]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--only-binary', ':all:'];
    // The search module of newer Synapses is an extension that SQLite does not need.
    await run(path.join(FOLDER, 'bin/python'), [...pip, `matrix-synapse==${SYNAPSE_VERSION}`], { timeout: timeoutMs });
  } catch (error) {
    // pip tells at length of every attempt, and what it comes to last.
    const told = error instanceof Error ? error.message : String(error);
    return `matrix-synapse could not be installed: ${told.trimEnd().split('\n').at(-1) ?? ''}`;
  }
  writeFileSync(DONE, `${SYNAPSE_VERSION}\n`);
  return undefined;
}
