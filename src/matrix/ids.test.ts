import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isCompliantUserId,
  isLocalpart,
  localpartOf,
  parseEventId,
  parseMxcUri,
  parseRoomAlias,
  parseRoomId,
  parseServerName,
  parseUserId,
  serverOf,
  utf8Length,
} from './ids.ts';

test('server names', () => {
  for (const name of [
    'matrix.org',
    'matrix.org:8888',
    '1.2.3.4',
    '1.2.3.4:1234',
    '[1234:5678::abcd]',
    '[1234:5678::abcd]:5678',
  ]) {
    assert.equal(parseServerName(name), name);
  }
  for (const name of ['', ':8', 'a:b', 'a_b', 'a b', '[::1', 'é.example', 'a:123456', 'a'.repeat(256)]) {
    assert.equal(parseServerName(name), undefined, name);
  }
});

test('user ids: the historical grammar takes everything but a colon and NUL', () => {
  for (const id of ['@a:b', '@:b', '@A B:b', '@é😀:b', '@\u0001:b', '@__proto__:b', `@${'a'.repeat(252)}:b`]) {
    assert.equal(parseUserId(id), id);
  }
  for (const id of ['a:b', '@a', '@a:', '@a\0:b', '@\ud800:b', `@${'a'.repeat(253)}:b`, '@a:b:c:d', '']) {
    assert.equal(parseUserId(id), undefined, id);
  }
  const compliant = (id: string) => {
    const user = parseUserId(id);
    return user !== undefined && isCompliantUserId(user);
  };
  assert.equal(compliant('@A!b:b'), true);
  for (const id of ['@:b', '@a b:b', '@é:b']) assert.equal(compliant(id), false);
  for (const localpart of ['', 'A', 'a b', 'é']) assert.equal(isLocalpart(localpart), false);
  assert.equal(isLocalpart('a-z0.9_=/+'), true);
});

test('room ids, aliases, event ids, mxc', () => {
  const hash = 'A'.repeat(43);
  for (const id of ['!a:b', `!${hash}`, `!${hash}:b`]) assert.equal(parseRoomId(id), id);
  for (const id of ['!', '!a', '!:b', `!${hash}A`, '!a\0:b', '#a:b']) assert.equal(parseRoomId(id), undefined, id);
  assert.equal(parseRoomAlias('#a b:c'), '#a b:c');
  for (const id of ['#:b', '#a', '#a\0:b']) assert.equal(parseRoomAlias(id), undefined);
  for (const id of ['$a', '$a/b+', '$x:y']) assert.equal(parseEventId(id), id);
  for (const id of ['$', 'a', '$\0', `$${'a'.repeat(255)}`]) assert.equal(parseEventId(id), undefined);
  assert.deepEqual(parseMxcUri('mxc://a.b/C_-9'), { server: 'a.b', mediaId: 'C_-9' });
  for (const uri of ['mxc://a.b', 'mxc://a.b/', 'mxc://a.b/../c', 'mxc://a.b/c?d', 'http://a/b', 'mxc:///a']) {
    assert.equal(parseMxcUri(uri), undefined);
  }
});

test('parts and lengths', () => {
  assert.equal(serverOf('@a:b:8'), 'b:8');
  assert.equal(serverOf('$abc'), undefined);
  const user = parseUserId('@a.b:c');
  assert.ok(user);
  assert.equal(localpartOf(user), 'a.b');
  for (const text of ['', 'a', 'é', '日', '😀', 'a\ud800b'])
    assert.equal(utf8Length(text), Buffer.byteLength(text), text);
});
