import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { createCrypto } from '../../adapters/crypto/index.ts';
import { peerNames } from './peer.ts';

const crypto = await createCrypto();

function request(address: string, forwarded?: string): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: address });
  const message = new IncomingMessage(socket);
  if (forwarded !== undefined) message.headers['x-forwarded-for'] = forwarded;
  return message;
}

function name(address: string, forwarded?: string, trusted: readonly string[] = []): string {
  return peerNames(crypto, 'key', trusted).nameOf(request(address, forwarded));
}

describe('names of peers', () => {
  it('are keyed hashes: nobody can tell the address without the key', () => {
    const hash = createHmac('sha1', 'key').update('192.0.2.1').digest('base64url');
    assert.equal(name('192.0.2.1'), hash.slice(0, 16));
    assert.notEqual(peerNames(crypto, 'other', []).nameOf(request('192.0.2.1')), name('192.0.2.1'));
  });

  it('are one for the forms of one IPv4 address, and for an IPv6 network', () => {
    assert.equal(name('::ffff:192.0.2.1'), name('192.0.2.1'));
    assert.notEqual(name('192.0.2.2'), name('192.0.2.1'));
    assert.equal(name('2001:db8:1:2::1'), name('2001:db8:1:2:ffff::2'));
    assert.notEqual(name('2001:db8:1:3::1'), name('2001:db8:1:2::1'));
  });

  it('adv-091: believe nobody but the proxies that are trusted', () => {
    const trusted = ['10.0.0.0/8', '192.0.2.9', 'fd00::/8'];
    assert.equal(name('203.0.113.1', '198.51.100.7', trusted), name('203.0.113.1'));
    assert.equal(name('10.1.2.3', '198.51.100.7'), name('10.1.2.3'));
    for (const proxy of ['10.1.2.3', '::ffff:10.1.2.3', '192.0.2.9', 'fd00::1']) {
      assert.equal(name(proxy, '198.51.100.7', trusted), name('198.51.100.7'));
    }
    assert.equal(name('192.0.2.8', '198.51.100.7', trusted), name('192.0.2.8'));
  });

  it('adv-091: take the last forwarded address: those before it are what the client says', () => {
    assert.equal(name('10.0.0.1', '1.1.1.1, 198.51.100.7', ['10.0.0.0/8']), name('198.51.100.7'));
    assert.equal(name('10.0.0.1', undefined, ['10.0.0.0/8']), name('10.0.0.1'));
  });
});
