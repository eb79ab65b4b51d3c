import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MatrixError } from './errors.ts';
import type { JsonValue } from './json.ts';
import { jsonText, requireCanonical } from './json-input.ts';
import { parseJson } from './json-parse.ts';

const parse = (text: string): JsonValue => parseJson(Buffer.from(text));

test('requireCanonical: integers in canonical order, anything else is M_BAD_JSON', () => {
  assert.equal(requireCanonical(parse('{"b":1,"a":-9007199254740991}')), '{"a":-9007199254740991,"b":1}');
  for (const text of ['{"a":0.5}', '{"a":9007199254740993}']) {
    assert.throws(
      () => requireCanonical(parse(text)),
      (error) => error instanceof MatrixError && error.code === 'M_BAD_JSON',
    );
  }
});

test('jsonText: fractions are kept', () => {
  assert.equal(jsonText(parse('{"order":0.25,"list":[1.5,null]}')), '{"order":0.25,"list":[1.5,null]}');
});
