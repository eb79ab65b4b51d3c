import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from './networks.ts';

test('an IPv4 address is its own network, or one of a /24; inside IPv6 it is the same', () => {
  const own = (address: string) => networkOf(address, { four: 32, six: 64 });
  assert.equal(own('192.0.2.7'), own('::ffff:192.0.2.7'));
  assert.notEqual(own('192.0.2.7'), own('192.0.2.8'));
  const wide = (address: string) => networkOf(address, { four: 24, six: 56 });
  assert.equal(wide('192.0.2.7'), wide('::ffff:192.0.2.9'));
  assert.notEqual(wide('192.0.2.7'), wide('192.0.3.7'));
});

test('IPv6 addresses of one line are one', () => {
  const own = (address: string) => networkOf(address, { four: 32, six: 64 });
  assert.equal(own('2001:db8:1:2ff::1'), own('2001:db8:1:2ff:a:b:c:d'));
  assert.notEqual(own('2001:db8:1:2ff::1'), own('2001:db8:1:2fe::1'));
  assert.equal(
    networkOf('2001:db8:1:2ff::1', { four: 32, six: 56 }),
    networkOf('2001:db8:1:200::', { four: 32, six: 56 }),
  );
  assert.equal(own('fe80::1%lo'), own('fe80::2'));
});
