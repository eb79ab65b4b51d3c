/** `postern cert`, as a program beside a running server. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { TestAuthority } from '../../src/bench/remotes/certificates.ts';
import { CertificateFolder } from '../../src/deploy/certificates/folder.ts';
import { TestServer } from '../harness/server.ts';
import { skipped, startPebble } from './pebble.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/cli/main.ts');

interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command in a folder. */
function run(folder: string, words: readonly string[], language = 'C'): Promise<Told> {
  const environment = { ...process.env, LC_ALL: language };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, 'cert', ...words], { cwd: folder, env: environment }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, out, err });
    });
  });
}

const CONFIG = {
  dataDir: '.',
  listeners: [{ address: '127.0.0.1', port: 8443, apis: ['client'], tls: { managed: 'site' } }],
  certificates: {
    directory: 'https://127.0.0.1:1/dir',
    managed: { site: { names: ['*.a.test'], challenge: 'dns-01' } },
    zone: { name: 'acme.b.test', nameServer: 'b.test', listeners: [{ address: '127.0.0.1', port: 5353 }] },
  },
};

describe('postern cert', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-cert-'));
  writeFileSync(path.join(folder, 'postern.yaml'), JSON.stringify(CONFIG));

  it('tells what there is and what is to be done, in both languages and for programs', async (t) => {
    t.after(() => rmSync(folder, { recursive: true }));
    const none = await run(folder, []);
    assert.equal(none.code, 1);
    assert.match(none.out, /^site: for \*\.a\.test; there is none yet\.\n {2}used by 127\.0\.0\.1:8443\n/);
    assert.match(none.out, /CNAME needed: _acme-challenge\.a\.test → [0-9a-f]{32}\.acme\.b\.test\n/);
    assert.match(none.out, /Next: .* postern cert issue site\n$/);
    assert.match((await run(folder, ['show'], 'zh_CN.UTF-8')).out, /还没有证书/);
    const pair = new TestAuthority('Some Authority').issue({ names: ['*.a.test'], from: -0.1, until: 0.9 });
    new CertificateFolder(path.join(folder, 'certificates')).writeCertificate('site', pair);
    const there = await run(folder, ['show', 'site', '--json']);
    assert.equal(there.code, 0);
    const [told] = (JSON.parse(there.out) as { certificates: Record<string, unknown>[] }).certificates;
    assert.deepEqual([told?.['state'], told?.['issuer']], ['valid', 'Some Authority']);
    assert.match((await run(folder, ['issue', 'site'])).out, /there is a good one already/);
    const nobody = await run(folder, ['renew', 'site']);
    assert.deepEqual([nobody.code, /No Postern runs/.test(nobody.out)], [1, true]);
    assert.match((await run(folder, ['ship'])).out, /no node is to have it/);
    for (const wrong of [['show', 'other'], ['dance']]) assert.equal((await run(folder, wrong)).code, 2);
  });

  it('has a running server renew', { skip: skipped }, async (t) => {
    const pebble = await startPebble();
    t.after(() => pebble.close());
    const config = {
      listeners: [
        { address: '127.0.0.1', port: 0, apis: ['client'] },
        { address: '127.0.0.1', port: pebble.httpPort, apis: ['acme'] },
      ],
      network: { denyRanges: [], extraCa: [pebble.trusted] },
      certificates: {
        directory: pebble.directory,
        termsAgreed: true,
        managed: { site: { names: ['a.test'], challenge: 'http-01' } },
      },
    };
    const server = new TestServer({ config });
    await server.start();
    t.after(() => server.finish());
    const beside = mkdtempSync(path.join(tmpdir(), 'postern-cert-'));
    t.after(() => rmSync(beside, { recursive: true }));
    writeFileSync(path.join(beside, 'postern.yaml'), JSON.stringify({ ...config, dataDir: server.folder }));
    for (const action of ['issue', 'renew']) {
      const told = await run(beside, [action, 'site', '--json']);
      const { outcome } = JSON.parse(told.out) as { outcome: string };
      assert.ok(outcome === 'issued' || (action === 'issue' && outcome === 'already'), told.out + told.err);
      assert.equal(told.code, 0);
    }
  });
});

describe('postern relay that cannot start', () => {
  it('ends, whatever is open already', async (t) => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const folder = mkdtempSync(path.join(tmpdir(), 'postern-cert-'));
    t.after(() => {
      taken.close();
      rmSync(folder, { recursive: true });
    });
    const { port } = taken.address() as AddressInfo;
    const key = 'ed25519:A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg';
    const config = {
      dataDir: '.',
      links: { peers: { far: { key, dial: ['127.0.0.1:1'], carries: ['certificates'] } } },
      relay: { address: '127.0.0.1', port, names: ['a.test'], to: '127.0.0.1:1', site: { managed: 'site' } },
      certificates: {
        managed: { site: { names: ['b.test'], from: 'far' } },
        zone: { name: 'acme.b.test', nameServer: 'b.test', listeners: [{ address: '127.0.0.1', port: 0 }] },
      },
    };
    writeFileSync(path.join(folder, 'postern.yaml'), JSON.stringify(config));
    await new Promise<void>((resolve) => {
      const options = { cwd: folder, timeout: 30_000 };
      execFile(process.execPath, [MAIN, 'relay'], options, (error, _, err) => {
        assert.equal(error?.code, 1);
        assert.match(err, /is in use/);
        resolve();
      });
    });
  });
});
