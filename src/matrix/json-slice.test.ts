import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonParseError } from './json-parse.ts';
import { parseElements, parseMember, sliceElements, sliceMembers } from './json-slice.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (part: Uint8Array) => new TextDecoder().decode(part);

test('adv-023 adv-030 one bad element leaves its neighbours alone', () => {
  const bad = ['{"a":1,"a":2}', '{"a":\\}', '{"a":"\\ud800"}', '{"depth":1e999}', '{"a":tru}', '"\u0001"', '{"a" 1}'];
  for (const element of bad) {
    const body = bytes(`{"origin":"x","pdus": [ {"n":1} , ${element},{"n":"]},"}\n],"edus":[]}`);
    const members = sliceMembers(body);
    assert.deepEqual([...members.keys()], ['origin', 'pdus', 'edus']);
    const range = members.get('pdus');
    assert.ok(range);
    const results = parseElements(body, range);
    assert.deepEqual(
      results.map((result) => result.ok),
      [true, false, true],
      element,
    );
    assert.equal(text(results[1]?.bytes ?? new Uint8Array()), element);
  }
});

test('slices agree with a whole parse', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 5 }),
      fc.string(),
      fc.nat(2),
      (items, key, gap) => {
        const body = bytes(JSON.stringify({ before: { pdus: [1] }, [`k${key}`]: items, after: ']' }, null, gap));
        const members = sliceMembers(body);
        const range = members.get(`k${key}`);
        assert.ok(range);
        const results = parseElements(body, range);
        const values = results.map((result) => JSON.parse(text(result.bytes)) as unknown);
        assert.deepEqual(values, JSON.parse(JSON.stringify(items)));
        assert.ok(results.every((result) => result.ok));
        assert.equal(parseMember(body, members, 'after'), ']');
        assert.equal(parseMember(body, members, 'absent'), undefined);
      },
    ),
    { numRuns: 100 },
  );
});

test('broken outer structure is refused', () => {
  for (const body of ['', '[]', '{', '{"a"', '{"a":[', '{"a":1,}', '{"a":1} x', '{"a":1,"a":2}', '{a:1}', '{"a":"']) {
    assert.throws(() => sliceMembers(bytes(body)), JsonParseError, body);
  }
  for (const body of ['1', '{}', '[1', '[1,,2]', '[1}', '[1] 2', '[,1]']) {
    const whole = bytes(body);
    assert.throws(() => sliceElements(whole, { start: 0, end: whole.length }), JsonParseError, body);
  }
  assert.deepEqual(sliceElements(bytes('[ ]'), { start: 0, end: 3 }), []);
});
