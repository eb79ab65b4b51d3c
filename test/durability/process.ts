/** A server as its own process, which a test may kill at any moment. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BIN = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../bin/postern.cjs');

export class ServerProcess {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'postern-kill-'));
  baseUrl = '';
  #child: ChildProcess | undefined;
  #errors = '';

  constructor() {
    const config = {
      serverName: 'kill.example',
      dataDir: './data',
      listeners: [{ address: '127.0.0.1', port: 0, apis: ['client', 'media'] }],
      registration: { mode: 'open' },
      passwords: { cost: 'minimal' },
      rateLimits: { enabled: false },
      log: { level: 'error', format: 'json' },
    };
    writeFileSync(path.join(this.folder, 'postern.yaml'), JSON.stringify(config));
  }

  get database(): string {
    return path.join(this.folder, 'data');
  }

  /** Starts it; resolves with the milliseconds until it answered. */
  async start(): Promise<number> {
    const started = performance.now();
    const child = spawn(process.execPath, [BIN, 'serve', '--json', '--config', 'postern.yaml'], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
    let text = '';
    for await (const line of createInterface({ input: child.stdout })) {
      text += line;
      const port = /"ports":\s*\[\s*(\d+)/.exec(text)?.[1];
      if (port === undefined) continue;
      this.baseUrl = `http://127.0.0.1:${port}`;
      return performance.now() - started;
    }
    throw new Error(`the server did not start: ${this.#errors}`);
  }

  /** SIGKILL: nothing is flushed, nobody is told. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    this.#child = undefined;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
