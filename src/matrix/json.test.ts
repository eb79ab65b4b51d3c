import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  asInteger,
  asObject,
  copyObject,
  emptyObject,
  getArray,
  getBoolean,
  getInteger,
  getObject,
  getString,
  getStrings,
  getValue,
  hasKey,
  isObject,
  jsonEquals,
  type JsonValue,
  omitKeys,
  RawNumber,
} from './json.ts';

const NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__'];

test('adv-141 objects inherit no key, and names of properties are ordinary ones', () => {
  const object = emptyObject();
  for (const name of NAMES) {
    assert.equal(object[name], undefined);
    assert.equal(getValue({}, name), undefined);
    assert.equal(getString({}, name), undefined);
    assert.equal(hasKey({}, name), false);
    object[name] = name;
  }
  assert.deepEqual(Object.keys(object), NAMES);
  assert.deepEqual(Object.keys(copyObject(object)), NAMES);
  assert.deepEqual(
    Object.keys(omitKeys(object, 'constructor')),
    NAMES.filter((name) => name !== 'constructor'),
  );
  assert.equal(Reflect.get({}, 'x'), undefined);
  assert.equal(JSON.stringify(object), `{${NAMES.map((name) => `"${name}":"${name}"`).join(',')}}`);
});

test('accessors give a value of their type or nothing', () => {
  const object = {
    s: 'x',
    i: 5,
    f: 1.5,
    b: true,
    o: { a: 1 },
    a: ['x', 'y'],
    m: ['x', 1],
    n: null,
    r: new RawNumber('1.0'),
  };
  assert.equal(getString(object, 's'), 'x');
  assert.equal(getInteger(object, 'i'), 5);
  assert.equal(getBoolean(object, 'b'), true);
  assert.deepEqual(getObject(object, 'o'), { a: 1 });
  assert.deepEqual(getArray(object, 'm'), ['x', 1]);
  assert.deepEqual(getStrings(object, 'a'), ['x', 'y']);
  assert.equal(getStrings(object, 'm'), undefined);
  for (const key of Object.keys(object)) {
    if (key !== 's') assert.equal(getString(object, key), undefined, key);
    if (key !== 'i') assert.equal(getInteger(object, key), undefined, key);
    if (key !== 'b') assert.equal(getBoolean(object, key), undefined, key);
    if (key !== 'o') assert.equal(getObject(object, key), undefined, key);
    if (key !== 'a' && key !== 'm') assert.equal(getArray(object, key), undefined, key);
  }
  assert.equal(getString(undefined, 's'), undefined);
  for (const value of [2 ** 53, 1.5, Number.NaN, '1', null]) assert.equal(asInteger(value), undefined);
  assert.equal(isObject(new RawNumber('1')), false);
  assert.equal(asObject([]), undefined);
});

test('a raw number serialises as the nearest double', () => {
  assert.equal(JSON.stringify({ n: new RawNumber('1e3') }), '{"n":1000}');
});

test('changes go over the source', () => {
  assert.deepEqual({ ...copyObject({ a: 1, b: 2 }, { b: 3, c: 4 }) }, { a: 1, b: 3, c: 4 });
});

test('equality is that of the values, whatever the order of keys', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (left, right) => {
      const [a, b] = [left, right] as JsonValue[] as [JsonValue, JsonValue];
      const copy = JSON.parse(JSON.stringify(a)) as JsonValue;
      assert.equal(jsonEquals(copy, JSON.parse(JSON.stringify(a)) as JsonValue), true);
      assert.equal(jsonEquals(a, b), jsonEquals(b, a));
      assert.equal(jsonEquals({ a, b }, { b, a }), true);
    }),
    { numRuns: 100 },
  );
  const different: [JsonValue, JsonValue][] = [
    [{}, []],
    [null, {}],
    [[1], [1, 2]],
    [{ a: 1 }, { b: 1 }],
    [{ a: 1 }, { a: 1, b: 1 }],
    [new RawNumber('1.0'), new RawNumber('1')],
    [new RawNumber('1.0'), 1],
    ['1', 1],
  ];
  for (const [left, right] of different) assert.equal(jsonEquals(left, right), false);
  assert.equal(jsonEquals([new RawNumber('1.0')], [new RawNumber('1.0')]), true);
});
