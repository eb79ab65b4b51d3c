import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { tlsFile } from '../../../test/harness/tls.ts';
import { systemClock } from '../../adapters/clock/index.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { checkConfig } from '../config/check.ts';
import type { Config } from '../config/schema.ts';
import { ConfigError } from '../config/sources.ts';
import { createPeerPorts, federationName } from './peers.ts';
import { openSigningKeys, parseSigningKeys } from './signing-key.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-compose-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function config(value: Record<string, unknown>): Config {
  return checkConfig([{ place: () => 'test', value }]);
}

describe('what /.well-known/matrix/server says', () => {
  const tls = { certificate: 'c', key: 'k' };
  const direct = { address: '::', port: 8448, apis: ['federation', 'keys'], tls };
  const behindProxy = { address: '127.0.0.1', port: 8008, apis: ['client', 'federation', 'keys'] };
  const cases: [string, Record<string, unknown>, string | undefined][] = [
    ['nothing without a listener for it', {}, undefined],
    ['the port of our own listener', { listeners: [direct] }, 'a.test:8448'],
    ['another port', { listeners: [{ ...direct, port: 9000 }] }, 'a.test:9000'],
    [
      'the URL of clients where both come to one listener',
      { publicBaseUrl: 'https://b.test', listeners: [behindProxy] },
      'b.test:443',
    ],
    ['… with its port', { publicBaseUrl: 'https://b.test:8443', listeners: [behindProxy, direct] }, 'b.test:8443'],
    [
      'not the URL of clients where others come elsewhere',
      { publicBaseUrl: 'https://b.test', listeners: [direct] },
      'a.test:8448',
    ],
    ['nothing for a port that the system chooses', { listeners: [{ ...direct, port: 0 }] }, undefined],
    [
      'nothing for a listener behind something unknown',
      { listeners: [{ ...behindProxy, apis: ['federation'] }] },
      undefined,
    ],
    ['what the owner says', { federation: { publicName: 'c.test:5' }, listeners: [direct] }, 'c.test:5'],
    ['nothing where federation is off', { federation: { enabled: false }, listeners: [direct] }, undefined],
    ['nothing for a name with a port', { serverName: 'a.test:1', listeners: [direct] }, undefined],
    ['nothing for an address', { serverName: '192.0.2.1', listeners: [direct] }, undefined],
  ];
  for (const [what, value, expected] of cases) {
    it(what, () => assert.equal(federationName(config({ serverName: 'a.test', ...value })), expected));
  }
});

describe('network.extraCa', () => {
  const open = (extraCa: readonly string[]) =>
    createPeerPorts({ config: config({ network: { extraCa } }), baseDir: folder, clock: systemClock, version: '0' });

  it('is read at the start, relative to the file of the configuration', async () => {
    await open([tlsFile('ca.pem')]).http.close();
    writeFileSync(path.join(folder, 'no.pem'), 'text');
    assert.throws(() => open(['no.pem']), ConfigError);
    assert.throws(() => open(['absent.pem']), /absent\.pem cannot be read; name a PEM file/);
  });
});

describe('the signing key', () => {
  const seed = encodeBase64(Buffer.alloc(32, 1));

  it('is made once, readable by its owner alone', () => {
    const file = path.join(folder, 'keys', 'signing.key');
    const made = openSigningKeys(file, createRandom());
    assert.match(made.current.keyId, /^ed25519:a_\w{6}$/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(openSigningKeys(file, createRandom()), made);
    const other = openSigningKeys(path.join(folder, 'other.key'), createRandom());
    // adv-070: whoever gives no key has one that nobody else has.
    assert.notDeepEqual(other.current.seed, made.current.seed, 'adv-021');
  });

  it('may be followed by those that it replaced', () => {
    const keys = parseSigningKeys(`ed25519 b ${seed}=\n\nold ed25519 a ${seed} 1700000000000\r\n`);
    assert.equal(keys.current.keyId, 'ed25519:b');
    assert.deepEqual(keys.old, [
      { keyId: 'ed25519:a', publicKey: new Uint8Array(32).fill(1), expiredTs: 1_700_000_000_000 },
    ]);
  });

  it('is refused in any other form', () => {
    const bad = ['', 'rsa a AAAA', `ed25519 a-b ${seed}`, 'ed25519 a AAAA', `ed25519 a ${seed}\nold ed25519 b ${seed}`];
    bad.push(`ed25519 a ${seed}\ned25519 b ${seed}`, `ed25519 a ${seed}\nold ed25519 b AAAA 1`);
    for (const text of bad) assert.throws(() => parseSigningKeys(text), ConfigError, text);
  });
});
