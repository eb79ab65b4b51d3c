import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RawNumber } from './json.ts';
import { JsonParseError, type JsonParseOptions, parseJson, parseJsonFlagged, parsePduJson } from './json-parse.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

function reasonOf(input: Uint8Array | string, options?: JsonParseOptions): string {
  try {
    parseJson(input, options);
  } catch (error) {
    assert.ok(error instanceof JsonParseError);
    return error.reason;
  }
  return 'accepted';
}

test('parses what JSON.parse parses, to the same value', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(0, 1, 2), (text, indent) => {
      const pretty = JSON.stringify(JSON.parse(text), null, indent);
      assert.deepEqual(plain(parseJson(bytes(pretty))), plain(JSON.parse(pretty)));
    }),
    { numRuns: 200 },
  );
});

test('never accepts what JSON.parse refuses', () => {
  const alphabet = fc.constantFrom(...Array.from('{}[]",:0129-+.eE\\u/ntrfalse \n\t\u0001d8x'));
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 24 }), (units) => {
      const text = units.join('');
      if (reasonOf(text) === 'accepted') assert.doesNotThrow(() => JSON.parse(text));
    }),
    { numRuns: 200 },
  );
});

test('adv-024 literals that are no JSON and numbers beyond a double are refused', () => {
  for (const token of ['NaN', 'Infinity', '-Infinity', '+1', '01', '-', '.5', '1.', '1e', '0x10', '1_0', '-01']) {
    assert.notEqual(reasonOf(`{"a":${token}}`), 'accepted', token);
  }
  for (const token of ['1e999', '-1e999', `1${'0'.repeat(400)}`]) {
    assert.equal(reasonOf(`[${token}]`), 'number out of range', token);
  }
});

test('numbers that canonical JSON forbids are kept with their text and flagged', () => {
  const odd = ['1.0', '1.5', '1e5', '1E5', '1e10', '0.0', '0e0', '-0', '-0.0', '9007199254740992', '-9007199254740992'];
  odd.push('9007199254740998', '123456789012345678901');
  for (const token of odd) {
    const parsed = parsePduJson(`{"a":[${token}]}`);
    assert.equal(parsed.hasRawNumbers, true, token);
    assert.deepEqual(plain(parsed.value), { a: [Number(token) === 0 ? 0 : Number(token)] });
    assert.equal(reasonOf(token, { numbers: 'refuse' }), 'number out of range');
    const [kept] = (parsed.value as { a: unknown[] }).a;
    assert.ok(kept instanceof RawNumber && kept.text === token);
    assert.equal(parseJson(token), Number(token));
  }
  for (const token of ['0', '9007199254740991', '-9007199254740991', '-1', '999999999999999', '1000000000000000']) {
    assert.deepEqual(parsePduJson(token), { value: Number(token), hasRawNumbers: false });
  }
});

test('bad text is refused with its reason', () => {
  const cases: [string | Uint8Array, string][] = [
    ['', 'unexpected end'],
    ['  ', 'unexpected end'],
    ['{"a":1', 'unexpected end'],
    ['["a', 'unexpected end'],
    ['{"a" 1}', 'unexpected character'],
    ['{"a":1,}', 'unexpected character'],
    ['[1,]', 'unexpected character'],
    ['[1 2]', 'unexpected character'],
    ['[1}', 'unexpected character'],
    ['{1:2}', 'unexpected character'],
    ['1 2', 'unexpected character'],
    ['{} x', 'unexpected character'],
    ['\ufeff{}', 'unexpected character'],
    [new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), 'unexpected character'],
    [new Uint8Array([0x22, 0xff, 0x22]), 'not utf-8'],
    [new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 'not utf-8'],
    ['"a\nb"', 'control character'],
    ['"\u0000"', 'control character'],
    ['"\\x"', 'bad escape'],
    ['"\\u12g4"', 'bad escape'],
    ['"\\u12', 'bad escape'],
    ['"\\ud800"', 'lone surrogate'],
    ['"\\udc00"', 'lone surrogate'],
    ['"\\ud800\\u0041"', 'lone surrogate'],
    ['{"a":1,"b":2,"a":3}', 'duplicate key'],
    ['{"a":1,"\\u0061":3}', 'duplicate key'],
    ['{"a":null,"a":null}', 'duplicate key'],
    ['tru', 'unexpected character'],
  ];
  for (const [input, reason] of cases) assert.equal(reasonOf(input), reason, String(input));
});

test('escapes are read', () => {
  assert.equal(parseJson('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00F1\\ud83d\\ude00x\\u0000"'), '"\\/\b\f\n\r\tñ😀x\0');
});

test('depth and size are bounded', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  assert.equal(reasonOf(nested(1000)), 'accepted');
  assert.equal(reasonOf(nested(1001)), 'too deep');
  assert.equal(reasonOf(nested(100_000)), 'too deep');
  assert.equal(reasonOf('{"a":{"b":[1]}}', { maxDepth: 3 }), 'accepted');
  assert.equal(reasonOf('{"a":{"b":[1]}}', { maxDepth: 2 }), 'too deep');
  assert.equal(reasonOf('"abc"', { maxBytes: 5 }), 'accepted');
  assert.equal(reasonOf('"abcd"', { maxBytes: 5 }), 'too large');
});

test('adv-141 names of object properties are ordinary keys', () => {
  const names = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];
  for (const name of names) {
    const value = parseJson(`{${JSON.stringify(name)}:{"polluted":1}}`) as Record<string, unknown>;
    assert.deepEqual(Object.keys(value), [name]);
    assert.equal(value['polluted'], undefined);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
    assert.equal((parseJson('{}') as Record<string, unknown>)[name], undefined);
  }
});

test('the flag is false for ordinary texts', () => {
  assert.equal(parseJsonFlagged('{"a":[1,2,{"b":-3}]}').hasRawNumbers, false);
});
