/** A certificate on its way from the node that has it issued to the one that uses it, over a line that breaks. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { after, before, describe, it } from 'node:test';
import { TestAuthority } from '../../src/bench/remotes/certificates.ts';
import { CertificateFolder } from '../../src/deploy/certificates/folder.ts';
import { type RunningRelay, startRelay } from '../../src/cli/compose/relay.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import { openCuttableLine, type CuttableLine } from '../client/cuttable.ts';
import { closedPort } from '../harness/places.ts';
import { TestServer } from '../harness/server.ts';
import { CLOUD as ABROAD, HOME } from '../harness/node-keys.ts';
import { tlsFile } from '../harness/tls.ts';
import { quiet } from '../relay/front.ts';
import { untilTrue } from './until.ts';

const authority = new TestAuthority();
const NAMES = ['home.test'];
/** A directory at which nobody is: what is there is shipped all the same. */
const NOBODY = 'https://127.0.0.1:1/dir';

async function shownAt(port: number): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  return certificate?.fingerprint256;
}

/** Years from now: each begins later than the one before. */
function issueFrom(from: number) {
  return authority.issue({ names: NAMES, from, until: 1 });
}

describe('a certificate that another node uses', () => {
  const scene = {} as { line: CuttableLine; abroad: TestServer; relay: RunningRelay; folder: string };

  /** What the node abroad has, as if it had just been issued. */
  const put = (pair: { certificate: string; key: string }): void => {
    mkdirSync(scene.abroad.folder, { recursive: true });
    new CertificateFolder(path.join(scene.abroad.folder, 'certificates')).writeCertificate('site', pair);
  };

  const startHome = async (): Promise<RunningRelay> => {
    const config = checkConfig([
      {
        place: () => 'test',
        value: {
          dataDir: scene.folder,
          relay: { address: '127.0.0.1', port: 0, names: ['alpha.test'], to: 'link:abroad', site: { managed: 'site' } },
          links: {
            key: HOME.key,
            peers: {
              abroad: { key: ABROAD.public, dial: [`127.0.0.1:${scene.line.port}`], carries: ['certificates'] },
            },
          },
          certificates: { managed: { site: { names: NAMES, from: 'abroad' } } },
        },
      },
    ]);
    const places = { config, baseDir: scene.folder, dataDir: scene.folder, environment: {} };
    return await startRelay({ ...places, version: 'test', log: quiet });
  };

  before(async () => {
    const port = await closedPort();
    scene.line = await openCuttableLine(`tcp://127.0.0.1:${port}`);
    scene.folder = mkdtempSync(path.join(tmpdir(), 'postern-shipping-'));
    scene.abroad = new TestServer({
      config: {
        listeners: [
          { address: '127.0.0.1', port: 0, apis: ['client'] },
          {
            address: '127.0.0.1',
            port,
            apis: ['link'],
            tls: { certificate: tlsFile('server.pem'), key: tlsFile('server.key') },
          },
        ],
        links: { key: ABROAD.key, peers: { home: { key: HOME.public } } },
        network: { denyRanges: [] },
        certificates: {
          directory: NOBODY,
          managed: { site: { names: NAMES, challenge: 'dns-01', shipTo: ['home'] } },
        },
      },
    });
  });
  after(async () => {
    await scene.relay?.close();
    await scene.abroad.finish();
    scene.line.close();
    rmSync(scene.folder, { recursive: true });
  });

  const state = (): string => {
    const file = path.join(scene.abroad.folder, 'certificates/site.state.json');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  };

  it('arrives, is durable, is shown, and is known to be there', async () => {
    const first = issueFrom(-0.5);
    put(first);
    scene.relay = await startHome();
    const placeholder = await shownAt(scene.relay.port);
    await scene.abroad.start();
    await untilTrue(async () => (await shownAt(scene.relay.port)) !== placeholder, 30_000);
    const file = path.join(scene.folder, 'certificates/site.pem');
    assert.ok(readFileSync(file, 'utf8').includes(first.certificate.trim()));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await untilTrue(async () => /"shipped":\{"home":"[0-9a-f]{64}"\}/.test(state()), 30_000);
    const shown = await shownAt(scene.relay.port);
    await scene.relay.close();
    scene.relay = await startHome();
    assert.equal(await shownAt(scene.relay.port), shown);
  });

  it('is sent again after the line was cut; an older one is not taken', async () => {
    const before = await shownAt(scene.relay.port);
    await scene.abroad.stop();
    scene.line.setCut(true);
    put(issueFrom(-0.4));
    await scene.abroad.start();
    const shipped = state();
    assert.equal(state(), shipped);
    scene.line.setCut(false);
    await untilTrue(async () => (await shownAt(scene.relay.port)) !== before, 60_000);
    const newest = await shownAt(scene.relay.port);
    await untilTrue(async () => state() !== shipped, 30_000);
    const told = state();
    await scene.abroad.stop();
    put(issueFrom(-0.6));
    await scene.abroad.start();
    await untilTrue(async () => state() !== told, 60_000);
    assert.equal(await shownAt(scene.relay.port), newest);
  });

  it('is not taken for other names, nor with another key', async () => {
    const newest = await shownAt(scene.relay.port);
    const refused = async (pair: { certificate: string; key: string }): Promise<void> => {
      await scene.abroad.stop();
      const count = scene.abroad.logged.length;
      put(pair);
      await scene.abroad.start();
      const isRefused = (line: string): boolean => line.includes('the other node refuses it');
      await untilTrue(async () => scene.abroad.logged.slice(count).some(isRefused), 60_000);
      assert.equal(await shownAt(scene.relay.port), newest);
    };
    await refused(authority.issue({ names: ['other.test'], from: -0.1 }));
    await refused({ ...issueFrom(-0.1), key: issueFrom(-0.1).key });
  });
});
