/** The pass of a call on a site, its messages, and the order in which ways are tried. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { FakeClock } from '../../adapters/clock/fake-clock.ts';
import { createNodeCrypto } from '../../adapters/crypto/node-crypto.ts';
import { createRandom } from '../../adapters/random/index.ts';
import { OperationError } from '../../matrix/errors.ts';
import { Carriers } from './carriers.ts';
import { readMessage, writeMessage } from './message-stream.ts';
import { hasPass, parseSite, writePass } from './site.ts';

const parts = { crypto: createNodeCrypto(), random: createRandom() };
const KEY = Buffer.alloc(32, 7);
const MINUTE_MS = 60_000;

describe('the pass of a call on a site', () => {
  const pass = writePass(KEY, parts);
  const shows = (cookie: string | undefined, key: Uint8Array = KEY): boolean =>
    hasPass({ headers: cookie === undefined ? {} : { cookie } }, key, parts.crypto);

  it('shows that the caller knows the key of the node', () => {
    assert.ok(shows(`sid=${pass}`));
    assert.ok(shows(`theme=dark; sid=${pass}; lang=en`), 'among cookies that a web server adds');
    assert.notEqual(writePass(KEY, parts), pass);
  });

  for (const [name, cookie] of [
    ['nothing', undefined],
    ['another cookie', 'theme=dark'],
    ['one that ends like it', `xsid=${pass}`],
    ['half of one', `sid=${pass.slice(0, 20)}`],
    ['more than one', `sid=${pass}AAAA`],
    ['one of zeros', `sid=${'A'.repeat(43)}`],
    ['one with a letter changed', `sid=${pass.startsWith('B') ? 'C' : 'B'}${pass.slice(1)}`],
  ] as const) {
    it(`is not shown by ${name}`, () => assert.equal(shows(cookie), false));
  }

  it('is that of one node', () => assert.equal(shows(`sid=${pass}`, Buffer.alloc(32, 8)), false));
});

describe('a message', () => {
  it('carries its bytes, whatever fills it up', () => {
    for (const length of [0, 1, 255, 256, 16_384]) {
      const piece = parts.random.bytes(length);
      for (const filling of [0, 1, 1_200]) {
        assert.deepEqual(readMessage(writeMessage(piece, parts.random.bytes(filling))), Buffer.from(piece));
      }
    }
  });

  it('that claims more than it has is none', () => {
    for (const bytes of [[], [0], [0, 1], [255, 255, 1, 2, 3]])
      assert.equal(readMessage(Buffer.from(bytes)), undefined);
  });
});

describe('the place of a site', () => {
  it('is a wss: URL', () => {
    assert.deepEqual(parseSite('wss://shop.example/a?b=c'), { host: 'shop.example', port: 443, path: '/a?b=c' });
    assert.deepEqual(parseSite('wss://[2001:db8::1]:8443/x'), { host: '2001:db8::1', port: 8443, path: '/x' });
  });

  for (const text of [
    'shop.example:443',
    'ws://shop.example/',
    'https://shop.example/',
    'wss://',
    'wss://a:b@c/',
    'wss://c/#d',
  ]) {
    it(`is not ${text}`, () => assert.equal(parseSite(text), undefined));
  }
});

describe('the ways to a peer', () => {
  function rig() {
    const clock = new FakeClock();
    const tried: string[] = [];
    const working = new Set<string>();
    const reach = (name: string): TLSSocket => {
      tried.push(name);
      if (!working.has(name)) throw new OperationError('no connection', { temporary: true });
      // Nobody speaks over it here.
      return undefined as unknown as TLSSocket;
    };
    const carriers = new Carriers({
      ...parts,
      clock,
      nodeKey: KEY,
      dial: ['direct.example:443', 'other.example:443', 'wss://first.example/x', 'wss://second.example/x'],
      connections: {
        dialNode: async (places) => reach(places.map(({ host }) => host).join(' ')),
        dialSite: async ({ host }) => reach(host),
      },
    });
    const dial = async (): Promise<string[]> => {
      tried.length = 0;
      await carriers.dial(new AbortController().signal).catch(() => undefined);
      return [...tried];
    };
    return { clock, carriers, working, dial };
  }
  const ALL = ['direct.example other.example', 'first.example', 'second.example'];

  it('are its places together, then its sites one by one', async () => {
    const { dial } = rig();
    assert.deepEqual(await dial(), ALL);
  });

  it('begin with the first while it works', async () => {
    const { dial, working, carriers } = rig();
    working.add('direct.example other.example');
    assert.deepEqual(await dial(), ALL.slice(0, 1));
    carriers.worked(0);
    assert.deepEqual(await dial(), ALL.slice(0, 1));
  });

  it('begin behind one whose connections do not last, until the first has had its time', async () => {
    const { dial, working, carriers, clock } = rig();
    working.add('direct.example other.example');
    await dial();
    carriers.worked(0);
    carriers.failed(0);
    assert.deepEqual(await dial(), ['first.example', 'second.example', 'direct.example other.example']);
    clock.advance(10 * MINUTE_MS);
    assert.deepEqual(await dial(), ALL.slice(0, 1));
  });

  it('begin again with the first behind the last', async () => {
    const { dial, carriers } = rig();
    carriers.failed(2);
    assert.deepEqual(await dial(), ALL);
  });
});
