import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { test, type TestContext } from 'node:test';
import { FakeClock } from '../../adapters/clock/fake-clock.ts';
import { TestAuthority } from '../../bench/remotes/certificates.ts';
import { openListener } from '../../http/kit/listener.ts';
import type { Log } from '../../ports/log.ts';
import { Certificates } from './certificates.ts';

const MINUTE_MS = 60_000;
const authority = new TestAuthority();

/** A listener with the certificate of two files, and what a client is shown. */
async function scene(t: TestContext) {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-certificates-'));
  const clock = new FakeClock();
  const warned: string[] = [];
  const log: Log = {
    child: () => log,
    debug() {},
    info() {},
    warn: (message, fields) => void warned.push(`${message}: ${String(fields?.['why'])}`),
    error() {},
  };
  const write = (file: 'c.pem' | 'k.pem', text: string): void => {
    // As careful programs do: never half a file.
    writeFileSync(path.join(folder, 'new'), text);
    renameSync(path.join(folder, 'new'), path.join(folder, file));
  };
  const put = (name: string): void => {
    const pair = authority.issue({ names: [name] });
    write('c.pem', pair.certificate);
    write('k.pem', pair.key);
  };
  put('first.test');
  const certificates = new Certificates({ baseDir: folder, clock, log });
  const listener = await openListener({
    address: '127.0.0.1',
    port: 0,
    tls: certificates.open({ certificate: 'c.pem', key: 'k.pem' }),
    handle: async (_, response) => void response.end('there'),
  });
  t.after(async () => {
    certificates.close();
    await listener.close(0);
    rmSync(folder, { recursive: true });
  });
  const shown = async (): Promise<string | undefined> => {
    const socket = connect({ host: '127.0.0.1', port: listener.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const name = socket.getPeerX509Certificate()?.subjectAltName;
    socket.destroy();
    return name;
  };
  return { clock, warned, write, put, shown, folder };
}

test('a new certificate is shown a minute after it was written, without a new start', async (t) => {
  const { clock, put, shown, warned } = await scene(t);
  assert.equal(await shown(), 'DNS:first.test');
  put('second.test');
  assert.equal(await shown(), 'DNS:first.test');
  clock.advance(MINUTE_MS);
  assert.equal(await shown(), 'DNS:second.test');
  put('third.test');
  clock.advance(MINUTE_MS);
  assert.equal(await shown(), 'DNS:third.test');
  assert.deepEqual(warned, []);
});

test('one whose key has not come yet waits for it; what is no certificate is told of once', async (t) => {
  const { clock, write, shown, warned } = await scene(t);
  const pair = authority.issue({ names: ['second.test'] });
  write('c.pem', pair.certificate);
  clock.advance(3 * MINUTE_MS);
  assert.equal(await shown(), 'DNS:first.test');
  assert.equal(warned.length, 1);
  assert.match(warned[0] ?? '', /key is not that of the certificate/);
  write('k.pem', pair.key);
  clock.advance(MINUTE_MS);
  assert.equal(await shown(), 'DNS:second.test');
  write('c.pem', 'no certificate');
  clock.advance(3 * MINUTE_MS);
  assert.equal(await shown(), 'DNS:second.test');
  assert.equal(warned.length, 2);
});

test('files that are gone for a while change nothing', async (t) => {
  const { clock, put, shown, folder, warned } = await scene(t);
  rmSync(path.join(folder, 'k.pem'));
  clock.advance(2 * MINUTE_MS);
  assert.equal(await shown(), 'DNS:first.test');
  assert.equal(warned.length, 1);
  put('second.test');
  clock.advance(MINUTE_MS);
  assert.equal(await shown(), 'DNS:second.test');
});
