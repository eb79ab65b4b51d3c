import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { type Join, readJoin, writeJoin } from './token.ts';

const whole: Join = { node: 'cloud', config: 'serverName: example.org\n'.repeat(40), linkKey: 'ed25519 a AAEC' };
const packed = (value: unknown): string =>
  `postern-join-1.${deflateRawSync(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')}`;

describe('a join token', () => {
  it('gives back what it was made of, with white space around it too', () => {
    assert.deepEqual(readJoin(`\n ${writeJoin(whole)}\n`), whole);
    const bare = { ...whole, linkKey: undefined };
    assert.deepEqual(readJoin(writeJoin(bare)), bare);
    assert.match(writeJoin(whole), /^postern-join-1\.[A-Za-z0-9_-]+$/);
  });

  const torn = writeJoin(whole).slice(0, -9);
  for (const [name, token] of [
    ['nothing', ''],
    ['another text', 'hello'],
    ['another version', writeJoin(whole).replace('join-1', 'join-2')],
    ['a torn one', torn],
    ['no base64', 'postern-join-1.%%%'],
    ['no JSON', packed('{')],
    ['a list', packed([whole])],
    ['null', packed('null')],
    ['no node', packed({ config: 'a' })],
    ['a node that is a path', packed({ node: '../etc', config: 'a' })],
    ['a configuration that is none', packed({ node: 'a', config: { b: 1 } })],
    ['a key that is none', packed({ node: 'a', config: 'b', linkKey: 3 })],
    ['more than it may hold', packed({ node: 'a', config: 'b'.repeat(300_000) })],
  ] as const) {
    it(`is not ${name}`, () => assert.equal(readJoin(token), undefined));
  }
});
