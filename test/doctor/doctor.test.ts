/** The doctor with real servers: from a user's place, from the server's, and asked back over a link. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { duplexPair } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { lookBack, lookFromServer } from '../../src/cli/compose/look-around.ts';
import { type RunningRelay, startRelay } from '../../src/cli/compose/relay.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import type { LoadedConfig } from '../../src/cli/config/load.ts';
import { MECHANISMS } from '../../src/deploy/doctor/mechanisms.ts';
import { diagnoseNetwork } from '../../src/deploy/doctor/network.ts';
import { MECHANISMS as LAB_MECHANISMS } from '../../src/lab/scenario/mechanisms.ts';
import { answerReach } from '../../src/deploy/reach/ask.ts';
import { encodeInvite, inviteText } from '../../src/matrix/routes/invite.ts';
import { closedPort } from '../harness/places.ts';
import { TestServer } from '../harness/server.ts';
import { CLOUD as ABROAD, HOME } from '../harness/node-keys.ts';
import { tlsFile } from '../harness/tls.ts';
import { quiet } from '../relay/front.ts';

const TLS = { certificate: tlsFile('server.pem'), key: tlsFile('server.key') };
const MAIN = path.resolve(import.meta.dirname, '../../src/cli/main.ts');

const folder = mkdtempSync(path.join(tmpdir(), 'postern-doctor-'));
after(() => rmSync(folder, { recursive: true }));

function loaded(value: Record<string, unknown>): LoadedConfig {
  const config = checkConfig([{ place: () => 'test', value: { dataDir: folder, ...value } }]);
  return { config, baseDir: folder, dataDir: folder, file: undefined };
}

const namesOf = (facts: Parameters<typeof diagnoseNetwork>[0]): string[] =>
  diagnoseNetwork(facts).map(({ name }) => name);

it('each mechanism of the lab has a finding or a reason, and each of ours is one of the lab', () => {
  const ours: readonly string[] = MECHANISMS;
  const theirs = LAB_MECHANISMS.map(({ name }) => name).filter((one) => one !== 'none');
  assert.deepEqual(
    theirs.filter((one) => !ours.includes(one)),
    [],
  );
  // Two are no cell of the lab's matrix: a network beside it plays them.
  assert.deepEqual(
    ours.filter((one) => !theirs.includes(one)),
    ['prober', 'cgnat'],
  );
});

describe('the doctor', () => {
  const scene = {} as { server: TestServer; port: number };
  before(async () => {
    scene.port = await closedPort();
    scene.server = new TestServer({
      config: {
        serverName: 'beta.test',
        listeners: [
          { address: '127.0.0.1', port: 0, apis: ['client'] },
          { address: '127.0.0.1', port: scene.port, apis: ['client', 'federation', 'keys', 'link'], tls: TLS },
        ],
        links: { key: ABROAD.key, peers: { home: { key: HOME.public, carries: ['reach'] } } },
      },
    });
    await scene.server.start();
  });
  after(() => scene.server.finish());

  it('looks as a user, and its exit code tells how grave it is', async () => {
    const run = (words: readonly string[]): Promise<{ code: unknown; out: string }> =>
      new Promise((resolve) => {
        execFile(process.execPath, [MAIN, 'doctor', ...words], { cwd: folder }, (error, out) => {
          resolve({ code: error === null ? 0 : error.code, out });
        });
      });
    const { code, out } = await run(['--as-user', '--json', '--route', `https://127.0.0.1:${scene.port}`]);
    const found = (JSON.parse(out) as { findings: { name: string; command: string }[] }).findings;
    // The authority of the tests is none that this machine trusts.
    assert.deepEqual(
      found.map(({ name, command }) => [name, command]),
      [['certificate-untrusted', 'postern cert issue']],
    );
    assert.equal(code, 1);
    const closed = await run(['--as-user', '--route', `https://127.0.0.1:${await closedPort()}`]);
    assert.match(closed.out, /✗ Nobody listens at port \d+ of 127\.0\.0\.1.*\n {4}Type: ss -ltn/);
    assert.equal((await run(['--as-user', '--route', 'ftp://x'])).code, 2);
    const invite = encodeInvite({
      serverName: 'beta.test',
      keyId: 'ed25519:a',
      publicKey: new Uint8Array(32),
      routes: [{ kind: 'web', baseUrl: `https://127.0.0.1:${scene.port}` }],
      token: 'a-token-of-the-tests',
    });
    const invited = await run(['--as-user', '--invite', inviteText(invite ?? assert.fail())]);
    assert.match(invited.out, /^route .*\nhttps:\/\/127\.0\.0\.1:\d+ +open +yes +yes/);
    assert.match(invited.out, /Nobody who is trusted here vouches/);
    assert.equal((await run(['--as-user', '--invite', 'not one'])).code, 2);
  });

  it('looks from a server: its own address, its certificates, and whom it federates with', async () => {
    const base = {
      network: { extraCa: [tlsFile('ca.pem')], hosts: { 'alpha.test': '127.0.0.1' } },
      publicBaseUrl: `https://alpha.test:${scene.port}`,
      listeners: [{ address: '127.0.0.1', port: 8448, apis: ['client'], tls: TLS }],
    };
    const beta = { connect: [`127.0.0.1:${scene.port}`] };
    const look = async (overrides: object): Promise<string[]> =>
      namesOf(await lookFromServer(loaded({ ...base, federation: { overrides } }), { isPatient: false }));
    // No resolver knows these names; the configuration does, and that is what the server goes by.
    assert.deepEqual(await look({ 'beta.test': beta }), []);
    assert.deepEqual(await look({ 'gamma.test': beta }), ['federation-not-authentic']);
    const pin = `sha256/${'A'.repeat(43)}`;
    assert.deepEqual(await look({ 'beta.test': { ...beta, pin } }), ['federation-not-authentic']);
    const nobody = { connect: [`127.0.0.1:${await closedPort()}`] };
    assert.deepEqual(await look({ 'beta.test': nobody }), ['federation-unreachable']);
  });

  it('has a peer try the ports of this node, over the link', async (t) => {
    const port = await closedPort();
    const home = (relayPort: number): LoadedConfig =>
      loaded({
        relay: { address: '127.0.0.1', port: relayPort, names: ['alpha.test'], to: 'link:abroad', site: TLS },
        links: {
          key: HOME.key,
          peers: { abroad: { key: ABROAD.public, dial: [`127.0.0.1:${scene.port}`] } },
        },
      });
    const { config } = home(port);
    const places = { config, baseDir: folder, dataDir: folder, environment: {} };
    const relay: RunningRelay = await startRelay({ ...places, version: 'test', log: quiet });
    t.after(() => relay.close());
    const facts = await lookBack(home(port), 'abroad');
    assert.deepEqual(facts.reach, [
      { node: 'abroad', seenAddress: '127.0.0.1', isOwnAddress: true, ports: [{ port, isOpen: true }] },
    ]);
    assert.deepEqual(namesOf(facts), []);
    assert.deepEqual(namesOf(await lookBack(home(await closedPort()), 'abroad')), ['port-not-reached']);
  });

  it('is sent nowhere else: what is no list of a few ports is not tried', async () => {
    for (const text of [
      '',
      '{}',
      '{"ports":[0]}',
      '{"ports":[70000]}',
      '{"ports":["22"]}',
      '{"ports":[1,2,3,4,5,6,7,8,9]}',
    ]) {
      const [near, far] = duplexPair();
      const done = answerReach(far, '127.0.0.1', systemClock);
      near.end(text);
      const [answer] = (await once(near, 'data')) as [Buffer];
      assert.equal(answer.toString(), '{}', text);
      await done;
    }
  });

  it('says so where the topology has no such node, and where nobody is to be asked', async () => {
    writeFileSync(path.join(folder, 'postern.yaml'), '{}');
    await new Promise<void>((resolve) => {
      execFile(process.execPath, [MAIN, 'doctor', '--ask', 'nobody'], { cwd: folder }, (error, _, err) => {
        assert.equal(error?.code, 2);
        assert.match(err, /links\.peers has nobody/);
        resolve();
      });
    });
  });
});
