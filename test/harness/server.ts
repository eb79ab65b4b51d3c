/** A whole server in this process, on loopback, with its own folder; every answer is checked. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before } from 'node:test';
import { type RunningServer, startServer } from '../../src/cli/compose/serve.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import type { Config } from '../../src/cli/config/schema.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Log } from '../../src/ports/log.ts';
import { Answer, type Dict } from './answer.ts';
import { answerViolations } from './spec.ts';
import { type CallOptions, User, v3 } from './user.ts';

export const SERVER_NAME = 'test.example';
export const SHARED_SECRET = 'the shared secret of the tests';

export interface ServerOptions {
  /** Laid over the tests' own configuration, section by section; a function is asked at every start. */
  readonly config?: Readonly<Record<string, unknown>> | (() => Readonly<Record<string, unknown>>);
  readonly clock?: Clock;
}

/** Failures that no answer shows: rejections nobody handled. */
const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

let lastName = 0;

export class TestServer {
  readonly folder: string;
  readonly violations: string[] = [];
  /** Everything that was logged, at any level. */
  readonly logged: string[] = [];
  readonly #secrets = new Set<string>();
  readonly #options: ServerOptions;
  #running: RunningServer | undefined;
  #config: Config | undefined;

  constructor(options: ServerOptions = {}) {
    this.#options = options;
    this.folder = mkdtempSync(path.join(tmpdir(), 'postern-test-'));
  }

  /** A user that may not have been registered, without a token. */
  get nobody(): User {
    return new User(this, { id: '', token: '', device: '' });
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get port(): number {
    return this.running.listeners.ports[0] ?? 0;
  }

  get running(): RunningServer {
    assert.ok(this.#running !== undefined, 'the server is not running');
    return this.#running;
  }

  /** What it was started with. */
  get config(): Config {
    assert.ok(this.#config !== undefined, 'the server has not been started');
    return this.#config;
  }

  async start(): Promise<void> {
    const { clock, config } = this.#options;
    const value = {
      serverName: SERVER_NAME,
      dataDir: this.folder,
      listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'media', 'admin', 'metrics'] }],
      registration: { mode: 'open', sharedSecret: SHARED_SECRET },
      passwords: { cost: 'minimal' },
      rateLimits: { enabled: false },
      ...(typeof config === 'function' ? config() : config),
    };
    this.#config = checkConfig([{ place: () => 'test', value }]);
    this.#running = await startServer({
      config: this.#config,
      baseDir: this.folder,
      environment: {},
      log: this.#log(),
      ...(clock !== undefined && { clock }),
    });
  }

  /** Stops; the folder stays. */
  async stop(): Promise<void> {
    await this.running.close();
    this.#running = undefined;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Ends the test of this server: nothing may have gone wrong unseen. */
  async finish(): Promise<void> {
    if (this.#running !== undefined) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
    assert.deepEqual([...new Set(this.violations)], [], 'violations of the specification');
    assert.deepEqual(unhandled, [], 'unhandled rejections');
    const told = this.logged.filter((line) => [...this.#secrets].some((secret) => line.includes(secret)));
    assert.deepEqual(told, [], 'adv-089: a token or a password stands in the log');
  }

  /** Keeps what is logged; an error is a violation. */
  #log(): Log {
    const keep = (message: string, fields: unknown): void => {
      this.logged.push(`${message} ${JSON.stringify(fields) ?? ''}`);
    };
    const log: Log = {
      child: () => log,
      debug: keep,
      info: keep,
      warn: keep,
      error: (message, cause, fields) => {
        const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
        keep(`${message} ${text}`, fields);
        this.violations.push(`log: ${message}: ${text}`);
      },
    };
    return log;
  }

  async request(method: string, pathAndQuery: string, body: unknown, options: CallOptions = {}): Promise<Answer> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const text = options.raw ?? json;
    const response = await fetch(this.baseUrl + pathAndQuery, {
      method,
      redirect: 'manual',
      headers: { ...(json !== undefined && { 'Content-Type': 'application/json' }), ...options.headers },
      ...(text !== undefined && { body: text }),
      ...(options.signal !== undefined && { signal: options.signal }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const contentType = response.headers.get('content-type');
    const parsed: unknown =
      contentType === 'application/json' ? JSON.parse(Buffer.from(bytes).toString('utf8')) : undefined;
    const [pathOnly = ''] = pathAndQuery.split('?');
    const origin = response.headers.get('access-control-allow-origin');
    const seen = { method, path: pathOnly, status: response.status, contentType, origin, body: parsed };
    this.violations.push(...answerViolations(seen));
    const what = `${method} ${pathAndQuery}`;
    return new Answer({ status: response.status, body: parsed, headers: response.headers, bytes, what });
  }

  /** Registers an account by the open registration; the name is made unique. */
  async register(name = 'user', extra: Dict = {}): Promise<User> {
    lastName += 1;
    const username = `${name}${lastName}`;
    const answer = await this.nobody.ok('POST', v3`/register`, {
      username,
      password: `password of ${username}`,
      auth: { type: 'm.login.dummy' },
      ...extra,
    });
    return this.#session(answer);
  }

  /** One account for each name. */
  async users<const Names extends readonly string[]>(...names: Names): Promise<{ [Index in keyof Names]: User }> {
    const users: User[] = [];
    for (const name of names) users.push(await this.register(name));
    return users as { [Index in keyof Names]: User };
  }

  /** Registers an administrator through the shared secret. */
  async registerAdmin(): Promise<User> {
    lastName += 1;
    const username = `admin${lastName}`;
    const password = `password of ${username}`;
    const nonce = (await this.nobody.ok('GET', '/_synapse/admin/v1/register')).text('nonce');
    const mac = createHmac('sha1', SHARED_SECRET).update([nonce, username, password, 'admin'].join('\0')).digest('hex');
    const body = { nonce, username, password, admin: true, mac };
    return this.#session(await this.nobody.ok('POST', '/_synapse/admin/v1/register', body));
  }

  async login(id: string, extra: Dict = {}): Promise<User> {
    const answer = await this.nobody.ok('POST', v3`/login`, {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: id },
      password: passwordOf(id),
      ...extra,
    });
    return this.#session(answer);
  }

  #session(answer: Answer): User {
    const refresh = answer.get('refresh_token');
    const id = answer.text('user_id');
    for (const secret of [answer.text('access_token'), passwordOf(id)]) this.#secrets.add(secret);
    if (typeof refresh === 'string') this.#secrets.add(refresh);
    return new User(this, {
      id,
      token: answer.text('access_token'),
      device: answer.text('device_id'),
      refreshToken: typeof refresh === 'string' ? refresh : undefined,
    });
  }
}

/** The password that `register` gave an account. */
export function passwordOf(id: string): string {
  return `password of ${id.slice(1).split(':')[0]}`;
}

/** A confirmation by password for operations that ask for one. */
export function passwordAuth(user: User, session?: string): Dict {
  return {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: user.id },
    password: passwordOf(user.id),
    ...(session !== undefined && { session }),
  };
}

/** A server for the tests of this file: started (and set up) before them, checked and removed after them. */
export function useServer(
  options: ServerOptions = {},
  setUp: (server: TestServer) => Promise<void> = async () => undefined,
): TestServer {
  const server = new TestServer(options);
  before(async () => {
    await server.start();
    await setUp(server);
  });
  after(() => server.finish());
  return server;
}
