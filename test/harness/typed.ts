/** Commands as they are typed, without a process of their own. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, beforeEach, mock } from 'node:test';
import { type Command, parseArguments } from '../../src/cli/command.ts';
import { ConfigError } from '../../src/cli/config/sources.ts';
import { cliTexts } from '../../src/text/cli/index.ts';

/** A folder of its own for each test of a file, in which commands are typed. */
export class Keyboard {
  workingDir = '';
  readonly #folders: string[] = [];

  constructor() {
    beforeEach(() => {
      this.workingDir = mkdtempSync(path.join(tmpdir(), 'postern-typed-'));
      this.#folders.push(this.workingDir);
    });
    after(() => {
      for (const one of this.#folders) rmSync(one, { recursive: true, force: true });
    });
  }

  /** Runs a command, which must end well; what it prints. */
  async type(command: Command, ...raw: string[]): Promise<string> {
    const log = mock.method(console, 'log', () => undefined);
    try {
      const code = await command.run({
        texts: cliTexts('C'),
        arguments: parseArguments(raw, command),
        workingDir: this.workingDir,
        environment: { LANG: 'C' },
        isTerminal: false,
      });
      assert.equal(code, 0);
      return log.mock.calls.flatMap((call) => call.arguments.map(String)).join('\n');
    } finally {
      log.mock.restore();
    }
  }

  /** Runs a command that must refuse what was typed. */
  async refuses(message: RegExp, command: Command, ...raw: string[]): Promise<void> {
    const wanted = (error: unknown): boolean => error instanceof ConfigError && message.test(error.message);
    await assert.rejects(this.type(command, ...raw), wanted);
  }
}
