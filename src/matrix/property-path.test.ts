import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePropertyPath, valueAt } from './property-path.ts';

test('paths split at dots that are not escaped', () => {
  const cases: [string, string[]][] = [
    ['content.body', ['content', 'body']],
    ['content.m\\.relates_to', ['content', 'm.relates_to']],
    ['content.m\\\\foo', ['content', 'm\\foo']],
    ['content.m\\x', ['content', 'm\\x']],
    ['a\\\\.b', ['a\\', 'b']],
    ['a\\', ['a\\']],
    ['', ['']],
    ['a..b', ['a', '', 'b']],
  ];
  for (const [path, names] of cases) assert.deepEqual(parsePropertyPath(path), names, path);
});

test('adv-141 values are found in own members only', () => {
  const event = { content: { 'm.x': { y: 1 }, list: [1] }, type: 't' };
  assert.equal(valueAt(event, ['content', 'm.x', 'y']), 1);
  for (const path of [
    ['content', 'z'],
    ['type', 'length'],
    ['content', 'list', '0'],
    ['__proto__', 'toString'],
    ['constructor'],
  ]) {
    assert.equal(valueAt(event, path), undefined, path.join('.'));
  }
});
