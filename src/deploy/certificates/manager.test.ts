import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duplexPair, type Duplex } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { FakeClock } from '../../adapters/clock/fake-clock.ts';
import { createMetrics } from '../../adapters/metrics/index.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { TestAuthority } from '../../bench/remotes/certificates.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Authority, Certificate, CertificateRequest, Issued, RenewalWindow } from '../../ports/certificates.ts';
import type { Log } from '../../ports/log.ts';
import { ChallengeBoard } from './board.ts';
import type { ManagedCertificate } from './entry.ts';
import { CertificateFolder } from './folder.ts';
import { CertificateManager } from './manager.ts';
import { sendCertificate } from './shipping.ts';
import { readState, writeRequest } from './state.ts';

const log: Log = {
  child: () => log,
  debug() {},
  info() {},
  warn() {},
  error: (_, cause) => assert.fail(String(cause)),
};
const ca = new TestAuthority();
const YEAR_MS = 365.25 * 86_400_000;
const SITE: ManagedCertificate = {
  id: 'site',
  names: ['a.test'],
  kind: 'http-01',
  profile: undefined,
  from: undefined,
  shipTo: [],
};

/** Good from half a year ago until `until` years from now. */
const certificate = (until = 1, from = -0.5): Certificate => ca.issue({ names: ['a.test'], from, until });

class Played implements Authority {
  readonly asked: CertificateRequest[] = [];
  answer: () => Promise<Issued> = async () => ({ certificate: certificate() });
  window: RenewalWindow | undefined;

  async issue(request: CertificateRequest): Promise<Issued> {
    this.asked.push(request);
    return await this.answer();
  }

  async renewalWindow(): Promise<RenewalWindow | undefined> {
    return this.window;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
}

async function scene(t: TestContext, config: Partial<ManagedCertificate> = {}, has?: Certificate) {
  const folder = new CertificateFolder(mkdtempSync(path.join(tmpdir(), 'postern-manager-')));
  t.after(() => rmSync(folder.path, { recursive: true, force: true }));
  if (has !== undefined) folder.writeCertificate('site', has);
  const clock = new FakeClock(Date.now());
  const authority = new Played();
  const line: { open: (() => Promise<Duplex>) | undefined } = { open: undefined };
  const start = async (): Promise<CertificateManager> => {
    const manager = await CertificateManager.open({
      certificates: [{ ...SITE, ...config }],
      folder,
      board: new ChallengeBoard(),
      authority,
      clock,
      random: createRandom(),
      log,
      metrics: createMetrics({ process: false }),
      makePlaceholder: async () => ({ certificate: 'placeholder', key: '' }),
      openStream: async () => {
        if (line.open === undefined) throw new OperationError('no connection', { temporary: true });
        return await line.open();
      },
    });
    t.after(() => manager.close());
    manager.start();
    return manager;
  };
  const pass = async (ms: number): Promise<void> => {
    // Years would be many looks.
    if (ms > 3_600_000) clock.jumpTo(clock.now() + ms);
    clock.advance(Math.min(ms, 3_600_000));
    await settle();
  };
  return { folder, clock, authority, line, start, pass, manager: await start() };
}

describe('a managed certificate', () => {
  it('comes while something else is shown, and stays when it fails to be renewed', async (t) => {
    const { manager, pass, authority, folder, clock } = await scene(t);
    const live = manager.live('site');
    const taken: Certificate[] = [];
    live.onRenewed((one) => void taken.push(one));
    assert.equal(live.current.certificate, 'placeholder');
    authority.answer = async () => ({ refused: 'not today' });
    await pass(1);
    assert.deepEqual([readState(folder, 'site').failures, readState(folder, 'site').why], [1, 'not today']);
    await pass(3 * 60_000);
    assert.equal(authority.asked.length, 1, 'not before five minutes, a quarter less');
    authority.answer = () => Promise.reject(new OperationError('no connection', { temporary: true }));
    await pass(4 * 60_000);
    assert.deepEqual([authority.asked.length, readState(folder, 'site').failures], [2, 2]);
    const first = certificate();
    authority.answer = async () => ({ certificate: first });
    await pass(15 * 60_000);
    assert.deepEqual([live.current, taken, readState(folder, 'site').failures], [first, [first], 0]);
    // Half a year has gone, and half of another passes before a third is left.
    await pass(0.4 * YEAR_MS);
    const before = authority.asked.length;
    authority.answer = async () => ({ refused: 'no' });
    await pass(0.1 * YEAR_MS);
    assert.ok(authority.asked.length > before);
    assert.equal(authority.asked.at(-1)?.replaces, first.certificate);
    assert.equal(live.current, first);
    assert.ok(clock.now() < Date.now() + YEAR_MS);
  });

  it('waits as long as the authority says', async (t) => {
    const { pass, authority } = await scene(t);
    authority.answer = async () => ({ refused: 'slowly', retryAfterMs: 3 * 3_600_000 });
    await pass(1);
    await pass(1.9 * 3_600_000);
    assert.equal(authority.asked.length, 1);
    await pass(3_600_000);
    assert.equal(authority.asked.length, 2);
  });

  it('is renewed when the authority wishes, and when somebody asks', async (t) => {
    const { pass, authority, folder, clock } = await scene(t, {}, certificate());
    await pass(1);
    assert.equal(authority.asked.length, 0);
    writeRequest(folder, 'site', 'issue');
    await pass(2_000);
    assert.equal(authority.asked.length, 0, 'there is a good one');
    writeRequest(folder, 'site', 'renew');
    await pass(2_000);
    assert.equal(authority.asked.length, 1);
    authority.window = { startAt: clock.now() - 10, endAt: clock.now() - 5, askAgainMs: 3_600_000 };
    authority.answer = async () => ({ refused: 'no' });
    await pass(25 * 3_600_000);
    await pass(2_000);
    assert.equal(authority.asked.length > 1, true);
  });

  it('is ordered anew where the configuration has other names', async (t) => {
    const { pass, authority } = await scene(t, { names: ['a.test', 'b.test'] }, certificate());
    await pass(1);
    assert.deepEqual(authority.asked[0]?.names, ['a.test', 'b.test']);
  });

  it('is kept whole: what a crash leaves behind is not taken for one', async (t) => {
    const { folder, start, manager } = await scene(t, {}, certificate());
    const { current } = manager.live('site');
    writeFileSync(path.join(folder.path, 'site.pem.next'), 'half a fi');
    assert.deepEqual((await start()).live('site').current, current);
    folder.writeCertificate('site', current);
    assert.deepEqual(readdirSync(folder.path), ['site.pem']);
    writeFileSync(path.join(folder.path, 'site.pem'), 'nothing of use');
    assert.equal((await start()).live('site').current.certificate, 'placeholder');
    writeFileSync(path.join(folder.path, 'site.state.json'), '{"failures":');
    assert.equal((await start()).live('site').current.certificate, 'placeholder');
  });
});

describe('a certificate for another node', () => {
  it('is sent until it is acknowledged, and again when there is a newer one', async (t) => {
    const { pass, line, folder, start, manager } = await scene(t, { shipTo: ['home'] }, certificate());
    const there = await scene(t, { kind: undefined, from: 'abroad' });
    await pass(1);
    assert.equal(readState(folder, 'site').shipped.size, 0);
    let opened = 0;
    line.open = async () => {
      opened += 1;
      const [near, far] = duplexPair();
      there.manager.receive('abroad', far);
      return near;
    };
    await pass(5_000);
    assert.equal(opened, 0, 'a pause follows a failure');
    manager.noteReachable('home');
    await pass(2_000);
    assert.deepEqual([opened, readState(folder, 'site').shipped.size], [1, 1]);
    await pass(600_000);
    assert.equal(opened, 1);
    assert.deepEqual(there.folder.readCertificate('site'), folder.readCertificate('site'));
    writeRequest(folder, 'site', 'ship');
    await pass(2_000);
    assert.equal(opened, 2);
    await manager.close();
    folder.writeCertificate('site', certificate(1, -0.2));
    await start();
    await pass(2_000);
    assert.equal(opened, 3);
    assert.deepEqual(there.folder.readCertificate('site'), folder.readCertificate('site'));
  });

  it('is taken from the node that is named, for the names of the configuration, if it is newer', async (t) => {
    const { manager, folder, clock } = await scene(t, { kind: undefined, from: 'abroad' });
    const send = async (shipment: Certificate, { peer = 'abroad', id = 'site' } = {}): Promise<string> => {
      const [near, far] = duplexPair();
      manager.receive(peer, far);
      return await sendCertificate(near, { id, ...shipment }, clock);
    };
    const good = certificate(1, -0.3);
    assert.equal(await send(good, { peer: 'other' }), 'refused');
    assert.equal(await send(good, { id: 'other' }), 'refused');
    assert.equal(await send({ ...good, key: certificate().key }), 'refused');
    assert.equal(await send({ ...good, key: 'no key' }), 'refused');
    assert.equal(await send(ca.issue({ names: ['b.test'] })), 'refused');
    assert.equal(await send(certificate(-0.1, -0.3)), 'refused');
    assert.equal(await send({ ...good, certificate: good.certificate + new TestAuthority().certificate }), 'refused');
    assert.equal(existsSync(path.join(folder.path, 'site.pem')), false);
    assert.equal(await send(good), 'stored');
    assert.equal(await send(good), 'same');
    assert.equal(await send(certificate(1, -0.5)), 'older');
    assert.equal(folder.readCertificate('site')?.key.trim(), good.key.trim());
  });

  it('is not waited for for ever, and nothing without end is read', async (t) => {
    const { manager, clock } = await scene(t, { kind: undefined, from: 'abroad' });
    const open = (): Duplex => {
      const [near, far] = duplexPair();
      near.on('error', () => undefined);
      manager.receive('abroad', far);
      return near;
    };
    const slow = open();
    slow.write('{"id":');
    await settle();
    const closed = once(slow, 'close');
    clock.advance(30_000);
    slow.resume();
    await closed;
    const large = open();
    large.resume();
    large.write(Buffer.alloc(600_000, 'x'));
    await once(large, 'close');
    for (const text of ['', '[]', '{"id":"site"}', '{"id":"../x","certificate":"c","key":"k"}', '\u0000']) {
      const one = open();
      one.end(text);
      const [answer] = (await once(one, 'data')) as [Buffer];
      assert.equal(answer.toString(), '{"receipt":"refused"}');
      one.destroy();
    }
  });
});
