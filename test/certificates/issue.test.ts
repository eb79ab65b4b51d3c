/** A whole server that has its certificates issued by a real authority, and what its clients are then shown. */
import assert from 'node:assert/strict';
import type { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { delegatedName } from '../../src/deploy/certificates/board.ts';
import { writeRequest } from '../../src/deploy/certificates/state.ts';
import { CertificateFolder } from '../../src/deploy/certificates/folder.ts';
import { TestServer } from '../harness/server.ts';
import { type Pebble, skipped, startPebble } from './pebble.ts';
import { untilTrue } from './until.ts';

const ZONE = { name: 'acme.node.test', nameServer: 'node.test' };

const HAS_SIX = Object.values(networkInterfaces()).some((list = []) => list.some(({ address }) => address === '::1'));

type Managed = Record<string, Record<string, unknown>>;

function configOf(pebble: Pebble, managed: Managed, more: Record<string, unknown> = {}): Record<string, unknown> {
  const [used] = Object.keys(managed);
  return {
    listeners: [
      { address: '127.0.0.1', port: 0, apis: ['client'] },
      { address: '127.0.0.1', port: pebble.httpPort, apis: ['acme'] },
      { address: HAS_SIX ? '::' : '127.0.0.1', port: pebble.tlsPort, apis: ['client'], tls: { managed: used } },
    ],
    network: { denyRanges: [], extraCa: [pebble.trusted] },
    certificates: {
      directory: pebble.directory,
      contact: ['mailto:owner@node.test'],
      termsAgreed: true,
      managed,
      zone: { ...ZONE, listeners: [{ address: '127.0.0.1', port: 0 }] },
      ...more,
    },
  };
}

/** What a client of the listener is shown. */
async function shown(pebble: Pebble, servername?: string): Promise<X509Certificate> {
  const socket: TLSSocket = connect({
    host: '127.0.0.1',
    port: pebble.tlsPort,
    rejectUnauthorized: false,
    ...(servername !== undefined && { servername }),
  });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  assert.ok(certificate);
  return certificate;
}

const isPebbles = (one: X509Certificate): boolean => one.issuer.includes('Pebble Intermediate');

async function issued(pebble: Pebble): Promise<X509Certificate> {
  await untilTrue(async () => isPebbles(await shown(pebble)), 60_000);
  return await shown(pebble);
}

describe('certificates from an authority', { skip: skipped }, () => {
  const scene = {} as { pebble: Pebble };
  before(async () => {
    scene.pebble = await startPebble({ rejectNonces: 30 });
  });
  after(() => scene.pebble.close());

  for (const [kind, names] of [
    ['http-01', ['a.test', 'b.test']],
    ['tls-alpn-01', ['a.test', 'c.test']],
    ['http-01', ['127.0.0.1']],
    ['tls-alpn-01', ['127.0.0.1']],
    ['tls-alpn-01', ['0:0:0:0:0:0:0:1']],
    ['dns-01', ['d.test', '*.d.test']],
  ] as const) {
    const skip = names[0].includes(':') && !HAS_SIX ? 'this machine has no IPv6' : false;
    it(`come by ${kind} for ${names.join(', ')}, though every third nonce is refused`, { skip }, async (t) => {
      const { pebble } = scene;
      const managed = { site: { names: [...names], challenge: kind } };
      const server = new TestServer({ config: configOf(pebble, managed) });
      await server.start();
      t.after(() => server.finish());
      for (const name of names) {
        const bare = name.replace('*.', '');
        pebble.aliases.set(`_acme-challenge.${bare}`, delegatedName(bare, ZONE));
      }
      pebble.zonePort = server.running.certificates?.zone?.ports[0] ?? 0;
      // Until it comes the listener shows something of its own.
      const certificate = await issued(pebble);
      const expected = names.map((one) => (isIP(one) === 0 ? `DNS:${one}` : `IP Address:${one}`));
      assert.deepEqual(certificate.subjectAltName?.split(', ').toSorted(), expected.toSorted());
      const folder = path.join(server.folder, 'certificates');
      assert.equal(statSync(path.join(folder, 'site.pem')).mode & 0o777, 0o600);
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      for (const file of readdirSync(folder)) assert.equal(statSync(path.join(folder, file)).mode & 0o077, 0, file);
      // Nothing of the challenge is left to be seen.
      assert.equal(isPebbles(await shown(pebble, isIP(names[0]) === 0 ? names[0] : '1.0.0.127.in-addr.arpa')), true);
    });
  }

  it('are used again after a restart, and renewed when somebody asks', async (t) => {
    const { pebble } = scene;
    const server = new TestServer({ config: configOf(pebble, { site: { names: ['a.test'], challenge: 'http-01' } }) });
    await server.start();
    t.after(() => server.finish());
    const first = await issued(pebble);
    await server.restart();
    assert.equal((await shown(pebble)).fingerprint256, first.fingerprint256);
    const folder = new CertificateFolder(path.join(server.folder, 'certificates'));
    writeRequest(folder, 'site', 'renew');
    await untilTrue(async () => (await shown(pebble)).fingerprint256 !== first.fingerprint256, 60_000);
    assert.equal(isPebbles(await shown(pebble)), true);
    // Another key, too.
    assert.notDeepEqual(
      (await shown(pebble)).publicKey.export({ type: 'spki', format: 'der' }),
      first.publicKey.export({ type: 'spki', format: 'der' }),
    );
    assert.equal(existsSync(path.join(folder.path, 'site.request')), false);
  });

  it('wait for records that somebody adds by hand', async (t) => {
    const { pebble } = scene;
    const config = configOf(pebble, { site: { names: ['hand.test'], challenge: 'dns-01' } }, { zone: null });
    const server = new TestServer({ config });
    await server.start();
    t.after(() => server.finish());
    const folder = new CertificateFolder(path.join(server.folder, 'certificates'));
    const records = () =>
      (JSON.parse(folder.read('site.state.json') ?? '{}') as { records?: { name: string; value: string }[] }).records ??
      [];
    await untilTrue(async () => records().length === 1, 30_000);
    const [record] = records();
    assert.equal(record?.name, '_acme-challenge.hand.test');
    assert.match(record?.value ?? '', /^[0-9A-Za-z_-]{43}$/);
    // After a restart it is the same order, and the same record.
    await server.restart();
    assert.deepEqual(records(), [record]);
    pebble.texts.set('_acme-challenge.hand.test', record?.value ?? '');
    await untilTrue(async () => {
      writeRequest(folder, 'site', 'ready');
      return isPebbles(await shown(pebble));
    }, 60_000);
    assert.deepEqual(records(), []);
  });
});

describe('an authority that wants an account of its own', { skip: skipped }, () => {
  const key = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
  const scene = {} as { pebble: Pebble };
  before(async () => {
    scene.pebble = await startPebble({ externalAccounts: { 'kid-1': key } });
  });
  after(() => scene.pebble.close());

  it('gives certificates to whoever has it, and says to the others what is missing', async (t) => {
    const { pebble } = scene;
    const managed = { site: { names: ['a.test'], challenge: 'http-01' } };
    const without = new TestServer({ config: configOf(pebble, managed) });
    await without.start();
    const state = (): string => {
      const file = path.join(without.folder, 'certificates/site.state.json');
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    };
    await untilTrue(async () => state().includes('certificates.externalAccount'), 30_000);
    assert.equal(isPebbles(await shown(pebble)), false);
    await without.finish();
    const server = new TestServer({ config: configOf(pebble, managed, { externalAccount: { keyId: 'kid-1', key } }) });
    await server.start();
    t.after(() => server.finish());
    await issued(pebble);
  });

  it('is not agreed with unless the owner says so', async (t) => {
    const { pebble } = scene;
    const config = configOf(pebble, { site: { names: ['a.test'], challenge: 'http-01' } }, { termsAgreed: false });
    const server = new TestServer({ config });
    await server.start();
    t.after(() => server.finish());
    const file = path.join(server.folder, 'certificates/site.state.json');
    await untilTrue(
      async () => existsSync(file) && readFileSync(file, 'utf8').includes('certificates.termsAgreed'),
      30_000,
    );
  });
});
