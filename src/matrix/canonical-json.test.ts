import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CanonicalJsonError, canonicalJson, compareCodePoints } from './canonical-json.ts';
import { jsonEquals, type JsonValue } from './json.ts';
import { parseJson, parsePduJson } from './json-parse.ts';

test('the examples of the specification', () => {
  const pairs: [string, string][] = [
    ['{}', '{}'],
    ['{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'],
    ['{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'],
    ['{"b":"2","a":"1"}', '{"a":"1","b":"2"}'],
    [
      `{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe",
        "three_pids": [{"medium": "email", "address": "john.doe@example.org"},
        {"medium": "msisdn", "address": "123456789"}]}}}`,
      '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":' +
        '[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},' +
        '"success":true}}',
    ],
    ['{"a": "日本語"}', '{"a":"日本語"}'],
    ['{"本": 2, "日": 1}', '{"日":1,"本":2}'],
    ['{"a": "\\u65E5"}', '{"a":"日"}'],
    ['{"a": null}', '{"a":null}'],
    ['{"a": -0, "b": 1e10}', '{"a":0,"b":10000000000}'],
  ];
  for (const [input, output] of pairs) assert.equal(canonicalJson(parseJson(input)), output);
});

test('escapes are the shortest, and only those that JSON needs', () => {
  assert.equal(
    canonicalJson(parseJson('"\\u0022\\/\\u005c\\u0008\\u001F\\u007f\\ud83d\\ude00"')),
    '"\\"/\\\\\\b\\u001f\x7f😀"',
  );
  assert.equal(canonicalJson(parseJson('{"\\u00F1":[{"b":1,"a":2}]}')), '{"ñ":[{"a":2,"b":1}]}');
});

test('keys are ordered by code point, integer-like keys too', () => {
  assert.equal(canonicalJson({ '9': 1, '10': 2, a: 3 }), '{"10":2,"9":1,"a":3}');
  assert.equal(canonicalJson({ '\u{1F600}': 1, '\uff5e': 2, z: 3 }), '{"z":3,"\uff5e":2,"\u{1F600}":1}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
      const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
      assert.equal(Math.sign(compareCodePoints(a, b)), expected);
    }),
    { numRuns: 200 },
  );
});

test('canonical text parses back to the same value and is a fixed point', () => {
  const value = fc.letrec<{ any: JsonValue }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.string({ unit: 'binary' }),
      fc.array(tie('any'), { maxLength: 4 }) as fc.Arbitrary<JsonValue>,
      fc.dictionary(fc.string({ unit: 'binary' }), tie('any'), { maxKeys: 4 }) as fc.Arbitrary<JsonValue>,
    ),
  })).any;
  fc.assert(
    fc.property(value, (input) => {
      const text = canonicalJson(input);
      const parsed = parsePduJson(new TextEncoder().encode(text));
      assert.equal(parsed.hasRawNumbers, false);
      assert.equal(canonicalJson(parsed.value), text);
      assert.ok(jsonEquals(parsed.value, JSON.parse(JSON.stringify(input)) as JsonValue));
    }),
    { numRuns: 200 },
  );
});

test('adv-023 adv-024 what has no canonical form is refused', () => {
  const bad = [1.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY, '\ud800', 'x'.repeat(100) + '\udc00'];
  for (const value of bad) {
    assert.throws(() => canonicalJson({ a: [value] }), CanonicalJsonError);
    assert.throws(() => canonicalJson(value), CanonicalJsonError);
  }
  assert.throws(() => canonicalJson({ '\udc00\ud800': 1 }), CanonicalJsonError);
  assert.throws(() => canonicalJson(parsePduJson('[1.0]').value), CanonicalJsonError);
  assert.throws(() => canonicalJson({ a: undefined } as unknown as JsonValue), CanonicalJsonError);
});

test('raw numbers are written as they came, where the room version allows them', () => {
  const text = '{"a":1.0,"b":[1e10,-0,123456789012345678901]}';
  assert.equal(canonicalJson(parsePduJson(text).value, { rawNumbers: true }), text);
});

test('a thousand levels are written without recursion', () => {
  const text = `${'['.repeat(1000)}${']'.repeat(1000)}`;
  assert.equal(canonicalJson(parseJson(text)), text);
});
