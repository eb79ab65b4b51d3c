import { test } from 'node:test';
import assert from 'node:assert/strict';
import { fillMessage, type Message } from './catalogue.ts';
import { EN } from './en.ts';
import { ZH_HANS } from './zh-hans.ts';

function placesOf(message: Message): string[] {
  const texts = typeof message === 'string' ? [message] : [message.one, message.other];
  return [...new Set(texts.flatMap((text) => text.match(/\{[a-z]+\}/g) ?? []))].toSorted();
}

test('the catalogues have the same keys, and no text is empty', () => {
  assert.deepEqual(Object.keys(ZH_HANS).toSorted(), Object.keys(EN).toSorted());
  for (const message of Object.values(ZH_HANS)) {
    for (const text of typeof message === 'string' ? [message] : [message.one, message.other])
      assert.ok(text.trim() !== '');
  }
});

test('a translation has the places of the original', () => {
  for (const [key, message] of Object.entries(EN)) {
    assert.deepEqual(placesOf(ZH_HANS[key as keyof typeof EN]), placesOf(message), key);
  }
});

test('places are filled, unknown ones and names of the prototype are left', () => {
  assert.equal(
    fillMessage('{name} and {other} {constructor}', { name: '{other}', other: 'B' }),
    '{other} and B {constructor}',
  );
});
