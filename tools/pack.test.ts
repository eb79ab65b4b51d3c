/** The package as a user gets it: compiled, without sources, and it runs. Needs the `dist` that `tsc -b` wrote. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const built = existsSync(path.join(root, 'dist/cli/main.js'));

describe('the package', { skip: !built && 'SKIPPED: nothing is built; "npm run build" first' }, () => {
  let folder = '';
  let files: readonly string[] = [];

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'postern-pack-'));
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    const answer = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as unknown;
    // npm 11 answers with a list, later ones with one entry for each name.
    const [pack] = Object.values(answer as Record<string, { filename: string; files: { path: string }[] }>);
    assert.ok(pack !== undefined);
    files = pack.files.map((one) => one.path);
    execFileSync('tar', ['-xzf', path.join(folder, path.basename(pack.filename)), '-C', folder]);
    symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'package/node_modules'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('holds the program, its licence and no sources, tests or build records', () => {
    for (const wanted of ['bin/postern.cjs', 'dist/cli/main.js', 'package.json', 'README.md', 'LICENSE']) {
      assert.ok(files.includes(wanted), wanted);
    }
    const unwanted = /\.tsx?$|\.tsbuildinfo$|\.map$|\.test\.|\/conformance\//;
    const found = files.filter((file) => unwanted.test(file));
    assert.deepEqual(found, []);
  });

  it('starts a server that answers, and stops when told', { timeout: 30_000 }, async () => {
    const environment = { ...process.env, POSTERN_LISTENERS: '[{address: 127.0.0.1, port: 0, apis: [client]}]' };
    const server = spawn(process.execPath, ['package/bin/postern.cjs', 'serve', '--json'], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    const ports = await new Promise<readonly number[]>((resolve, reject) => {
      server.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        const found = /"ports":\[(\d+)\]/.exec(text.replaceAll(/\s/g, ''));
        if (found !== null) resolve([Number(found[1])]);
      });
      server.on('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
    });
    const answer = await fetch(`http://127.0.0.1:${ports[0]}/_matrix/client/versions`);
    assert.equal(answer.status, 200);
    const ended = new Promise((resolve) => server.on('exit', resolve));
    server.kill('SIGTERM');
    assert.equal(await ended, 0);
  });
});
