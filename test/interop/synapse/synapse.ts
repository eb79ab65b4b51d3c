/** A Synapse process on loopback with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { defer } from '../../../src/lib/deferred.ts';
import { closedPort } from '../../harness/places.ts';
import { type SynapsePlan, writeSynapseConfig } from './config.ts';
import { findSynapse } from './install.ts';

/** How long a start or a stop may take on a busy machine. */
const PROCESS_TIMEOUT_MS = 90_000;
const KEPT_LINES = 200;

/** Runs Synapse for as long as somebody holds the other end of its standard input: it must not outlive the tests. */
const RUN = `
import os, runpy, threading
def watch():
    while os.read(0, 1): pass
    os._exit(1)
threading.Thread(target=watch, daemon=True).start()
runpy.run_module('synapse.app.homeserver', run_name='__main__', alter_sys=True)
`;

export interface SynapseSession {
  readonly user_id: string;
  readonly access_token: string;
  readonly device_id: string;
}

export class Synapse {
  readonly #plan: SynapsePlan;
  readonly #python: string;
  readonly #config: string;
  #child: ChildProcess | undefined;
  /** The newest lines of its log. */
  readonly #lines: string[] = [];

  private constructor(plan: SynapsePlan, python: string) {
    this.#plan = plan;
    this.#python = python;
    this.#config = writeSynapseConfig(plan);
  }

  /** Starts a new Synapse, which must have been installed. */
  static async start(): Promise<Synapse> {
    const python = findSynapse();
    if (python === undefined) throw new Error('Synapse is not installed: npm run test:interop');
    const [federationPort, clientPort] = [await closedPort(), await closedPort()];
    const plan = {
      folder: mkdtempSync(path.join(tmpdir(), 'postern-synapse-')),
      serverName: `localhost:${federationPort}`,
      federationPort,
      clientPort,
      sharedSecret: randomBytes(16).toString('hex'),
    };
    const synapse = new Synapse(plan, python);
    await synapse.resume();
    return synapse;
  }

  get name(): string {
    return this.#plan.serverName;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#plan.clientPort}`;
  }

  /** The newest lines of its log, for messages about failures. */
  get log(): string {
    return this.#lines.join('\n');
  }

  /** Starts it again where it was stopped. */
  async resume(): Promise<void> {
    const child = spawn(this.#python, ['-c', RUN, '-c', this.#config], {
      cwd: this.#plan.folder,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    const limit = AbortSignal.timeout(PROCESS_TIMEOUT_MS);
    const ready = this.#untilListening(child, limit);
    await ready;
    const health = await fetch(`${this.url}/health`);
    if (health.status !== 200) throw new Error(`Synapse is not well: ${health.status}\n${this.log}`);
  }

  /** Follows the log; resolves when both listeners are open. */
  async #untilListening(child: ChildProcess, limit: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = defer<void>();
    const waiting = new Set([this.#plan.federationPort, this.#plan.clientPort].map(String));
    const keep = (line: string): void => {
      this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
      const [, port] = /now listening on TCP port (\d+)/.exec(line) ?? [];
      if (port !== undefined) waiting.delete(port);
      if (waiting.size === 0) resolve();
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', keep);
    }
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`Synapse ended with ${code}\n${this.log}`)));
    limit.addEventListener('abort', () => reject(new Error(`Synapse did not start\n${this.log}`)));
    await promise;
  }

  /** Stops it; its data stay. */
  async pause(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = AbortSignal.timeout(PROCESS_TIMEOUT_MS);
    const insist = () => child.kill('SIGKILL');
    timer.addEventListener('abort', insist);
    await ended;
    timer.removeEventListener('abort', insist);
  }

  /** Stops it and removes its data. */
  async stop(): Promise<void> {
    await this.pause();
    rmSync(this.#plan.folder, { recursive: true, force: true });
  }

  /** Makes an account by the shared secret. */
  async register(username: string, password: string): Promise<SynapseSession> {
    const url = `${this.url}/_synapse/admin/v1/register`;
    const { nonce } = (await (await fetch(url)).json()) as { nonce: string };
    const parts = [nonce, username, password, 'notadmin'].join('\0');
    const mac = createHmac('sha1', this.#plan.sharedSecret).update(parts).digest('hex');
    const body = JSON.stringify({ nonce, username, password, admin: false, mac });
    const answer = await fetch(url, { method: 'POST', body });
    if (answer.status !== 200) throw new Error(`registration: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as SynapseSession;
  }
}
