/** What is measured: any homeserver by its URL, or a Postern that is started for it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { Http } from './http.ts';
import type { FederatedConfig, Fleet } from './remotes/fleet.ts';

export interface Account {
  readonly user: string;
  readonly token: string;
}

export interface TargetFile {
  readonly name: string;
  readonly clientUrl: string;
  readonly accounts: { readonly sharedSecret?: string; readonly open?: boolean };
  readonly probe?: { readonly pids?: readonly number[]; readonly dataPath?: string };
}

export interface Target {
  readonly name: string;
  readonly clientUrl: string;
  /** Process whose CPU, memory and disk are told; absent for a server elsewhere. */
  probe: { pid: number; dataPath: string } | undefined;
  readonly accounts: TargetFile['accounts'];
  /** Only for a server that we started ourselves. */
  readonly control: Control | undefined;
}

export interface Control {
  restart(signal: 'SIGINT' | 'SIGKILL'): Promise<void>;
  stop(): Promise<void>;
}

const SECRET = 'bench-secret';
/** The server has no others to talk with. */
const ALONE: FederatedConfig = { serverName: 'localhost', listener: [] };

/** Reads a target file. */
export function readTarget(file: string): Target {
  const text = parse(readFileSync(file, 'utf8')) as TargetFile;
  const pid = text.probe?.pids?.[0];
  const dataPath = text.probe?.dataPath;
  return {
    name: text.name,
    clientUrl: text.clientUrl,
    accounts: text.accounts,
    probe: pid === undefined || dataPath === undefined ? undefined : { pid, dataPath },
    control: undefined,
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/**
 * Starts a Postern of this installation in a folder of its own, rate limits off, as PERFORMANCE §7.1 rule 5 says; with
 * a fleet it talks with the servers of that.
 */
export async function startOwn(program: string, fleet?: Fleet): Promise<Target> {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-bench-'));
  const port = await freePort();
  const { serverName, listener, ...federated } = fleet?.configOf(folder, await freePort()) ?? ALONE;
  const config = {
    serverName,
    ...federated,
    dataDir: './data',
    listeners: [{ address: '127.0.0.1', port, apis: ['client', 'media', 'admin', 'metrics'] }, ...listener],
    registration: { mode: 'open', sharedSecret: SECRET },
    passwords: { cost: 'minimal' },
    rateLimits: { enabled: false },
    log: { level: 'warn', format: 'json' },
  };
  writeFileSync(path.join(folder, 'postern.json'), JSON.stringify(config));
  const clientUrl = `http://127.0.0.1:${port}`;
  let child: ChildProcess = await launch(program, folder, clientUrl);
  const ended = (): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()));
  const target: Target = {
    name: 'postern',
    clientUrl,
    accounts: { sharedSecret: SECRET },
    probe: { pid: child.pid ?? 0, dataPath: path.join(folder, 'data') },
    control: {
      async restart(signal) {
        const end = ended();
        child.kill(signal);
        await end;
        child = await launch(program, folder, clientUrl);
        target.probe = { pid: child.pid ?? 0, dataPath: path.join(folder, 'data') };
      },
      async stop() {
        const end = ended();
        child.kill('SIGINT');
        await end;
        rmSync(folder, { recursive: true, force: true });
      },
    },
  };
  return target;
}

/** The options of Node.js that a program names in its first line: it is measured as it starts itself. */
function optionsOf(program: string): string[] {
  const [line = ''] = readFileSync(program, 'utf8').split('\n', 1);
  return line.split(' ').filter((word) => word.startsWith('--'));
}

async function launch(program: string, folder: string, clientUrl: string): Promise<ChildProcess> {
  const options = [...optionsOf(program), ...process.execArgv];
  const child = spawn(process.execPath, [...options, program, 'serve', '--config', 'postern.json', '--json'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const http = new Http(clientUrl, 1);
  try {
    for (let attempt = 0; attempt < 400; attempt += 1) {
      const answer = await http.send('GET', '/_matrix/client/versions').catch(() => undefined);
      if (answer?.status === 200) return child;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  } finally {
    http.close();
  }
  child.kill('SIGKILL');
  throw new Error('the server did not answer within ten seconds');
}

/** Makes accounts, by the shared secret or by open registration. */
export async function makeAccounts(target: Target, http: Http, count: number, prefix: string): Promise<Account[]> {
  const accounts: Account[] = [];
  const width = 16;
  for (let start = 0; start < count; start += width) {
    const names = Array.from({ length: Math.min(width, count - start) }, (_, index) => `${prefix}${start + index}`);
    accounts.push(...(await Promise.all(names.map((name) => makeAccount(target, http, name)))));
  }
  return accounts;
}

async function makeAccount({ accounts }: Target, http: Http, name: string): Promise<Account> {
  const password = 'bench-password';
  const { sharedSecret } = accounts;
  if (sharedSecret === undefined) {
    const body = { username: name, password, auth: { type: 'm.login.dummy' } };
    const made = await http.call<{ user_id: string; access_token: string }>('POST', '/_matrix/client/v3/register', {
      body,
    });
    return { user: made.user_id, token: made.access_token };
  }
  const { nonce } = await http.call<{ nonce: string }>('GET', '/_synapse/admin/v1/register');
  const mac = createHmac('sha1', sharedSecret).update([nonce, name, password, 'notadmin'].join('\0')).digest('hex');
  const made = await http.call<{ user_id: string; access_token: string }>('POST', '/_synapse/admin/v1/register', {
    body: { nonce, username: name, password, admin: false, mac },
  });
  return { user: made.user_id, token: made.access_token };
}
