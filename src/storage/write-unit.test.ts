import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sqliteText } from './text-code.ts';
import { readStatement, StatementTexts, WriteUnit } from './write-unit.ts';

function unit(): WriteUnit {
  return new WriteUnit(new StatementTexts(), sqliteText);
}

test('statements come out of the flat form as they went in', () => {
  const written = unit();
  written.run('first', 'text', 7, null, new Uint8Array([0, 128, 255]));
  written.erase('second', [1, 2], ['a']);
  assert.ok(written.flat.every((value) => value === null || typeof value === 'string' || typeof value === 'number'));
  const first = readStatement(written.flat, 0, (event) => event.json);
  assert.deepEqual(first.params, ['text', 7, null, Buffer.from([0, 128, 255])]);
  assert.equal(first.expectsOne, false);
  const second = readStatement(written.flat, first.next, (event) => event.json);
  assert.deepEqual(second.params, ['[1,2]', '["a"]']);
  assert.equal(second.expectsOne, true);
  assert.equal(second.erases, true);
  assert.equal(second.next, written.flat.length);
});

test('equal texts share a number', () => {
  const written = unit();
  written.run('same');
  written.run('other');
  written.run('same');
  assert.deepEqual(
    [0, 4, 8].map((at) => written.flat[at]),
    [0, 1, 0],
  );
});

test('a signed statement hands the event to the signer and stores what it returns', () => {
  const written = unit();
  const event = {
    json: '{"content":{},"type":"t"}',
    contentStart: 11,
    contentEnd: 13,
    insertAt: 14,
    redactedContent: '{}',
    serverName: 'example.org',
    keyId: 'ed25519:a',
  };
  written.runSigned('insert', 5, event);
  const read = readStatement(written.flat, 0, (given) => {
    assert.deepEqual(given, event);
    return 'signed';
  });
  assert.deepEqual(read.params, [5, 'signed']);
  assert.equal(read.next, written.flat.length);
});

test('deferred statements stand last, and a sealed unit takes nothing more', () => {
  const written = unit();
  written.defer(() => {
    written.run('last');
  });
  written.run('first');
  written.seal();
  assert.equal(written.statementCount, 2);
  assert.equal(written.flat[0], 0);
  assert.throws(() => {
    written.run('late');
  }, /only while its plan runs/);
});

test('a number beyond 2^53 or with a fraction is refused', () => {
  assert.throws(() => {
    unit().run('x', 2 ** 53);
  });
  assert.throws(() => {
    unit().run('x', 0.5);
  });
});
