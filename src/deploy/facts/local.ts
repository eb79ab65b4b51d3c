/** Gathers the facts about this machine that the doctor judges. */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LocalFacts, PackageFact, PortFact } from '../topology/facts.ts';

export interface LocalQuestion {
  readonly dataDir: string;
  readonly signingKey: string | undefined;
  readonly webFolder: string;
  readonly listeners: readonly { readonly address: string; readonly port: number }[];
  readonly config: LocalFacts['config'];
}

const OPTIONAL_PACKAGES = ['sodium-native', '@node-rs/argon2', 'sharp', 'better-sqlite3-multiple-ciphers', 'pg'];

/** Looks at everything once. Nothing is changed. */
export async function gatherLocalFacts(question: LocalQuestion): Promise<LocalFacts> {
  const { dataDir, signingKey } = question;
  return {
    nodeVersion: process.versions.node,
    ...sqliteFacts(),
    packages: OPTIONAL_PACKAGES.map(packageFact),
    dataDir: {
      path: dataDir,
      exists: existsSync(dataDir),
      isWritable: isWritable(nearestExisting(dataDir)),
      mode: modeOf(dataDir),
      freeBytes: freeBytes(nearestExisting(dataDir)),
    },
    signingKey:
      signingKey === undefined
        ? undefined
        : { path: signingKey, exists: existsSync(signingKey), mode: modeOf(signingKey) },
    webClientBuilt: existsSync(path.join(question.webFolder, 'index.html')),
    ports: await Promise.all(question.listeners.map(portFact)),
    config: question.config,
  };
}

function sqliteFacts(): Pick<LocalFacts, 'sqliteVersion' | 'hasFullTextSearch'> {
  const database = new DatabaseSync(':memory:');
  try {
    const row = database.prepare('SELECT sqlite_version() AS version').get();
    const options = database.prepare("SELECT sqlite_compileoption_used('ENABLE_FTS5') AS used").get();
    return { sqliteVersion: String(row?.['version']), hasFullTextSearch: options?.['used'] === 1 };
  } finally {
    database.close();
  }
}

function packageFact(name: string): PackageFact {
  try {
    createRequire(import.meta.url).resolve(name);
    return { name, isPresent: true };
  } catch {
    return { name, isPresent: false };
  }
}

function nearestExisting(folder: string): string {
  let current = folder;
  while (!existsSync(current) && path.dirname(current) !== current) current = path.dirname(current);
  return current;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function modeOf(file: string): number | undefined {
  return existsSync(file) && process.platform !== 'win32' ? statSync(file).mode & 0o777 : undefined;
}

function freeBytes(folder: string): number | undefined {
  const facts = statfsSync(folder);
  return facts.bavail * facts.bsize;
}

const STATES: Readonly<Record<string, PortFact['state']>> = {
  EACCES: 'forbidden',
  EADDRNOTAVAIL: 'unknown-address',
};

/** Tries to listen; where somebody does already, asks whether it is this server. */
async function portFact({ address, port }: { address: string; port: number }): Promise<PortFact> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'UNKNOWN'));
    server.listen(port, address, () => server.close(() => resolve(undefined)));
  });
  if (code === undefined) return { address, port, state: 'free' };
  return {
    address,
    port,
    state: code === 'EADDRINUSE' ? await whoListens(address, port) : (STATES[code] ?? 'foreign'),
  };
}

async function whoListens(address: string, port: number): Promise<PortFact['state']> {
  const host = address.includes(':')
    ? `[${address === '::' ? '::1' : address}]`
    : address === '0.0.0.0'
      ? '127.0.0.1'
      : address;
  try {
    const response = await fetch(`http://${host}:${port}/health`, { signal: AbortSignal.timeout(2_000) });
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null && 'status' in body && body.status === 'ok' ? 'ours' : 'foreign';
  } catch {
    return 'foreign';
  }
}
