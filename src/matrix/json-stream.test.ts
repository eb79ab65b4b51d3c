import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonParseError } from './json-parse.ts';
import { type ElementResult, parseElements, sliceMembers } from './json-slice.ts';
import { JsonStream, type JsonStreamLimits } from './json-stream.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (part: Uint8Array | undefined) => new TextDecoder().decode(part);

const ARRAYS = new Map([
  ['state', 50],
  ['auth_chain', 50],
]);
const LIMITS: JsonStreamLimits = { arrays: ARRAYS, elementBytesMax: 40, otherBytesMax: 10_000, bytesMax: 20_000 };

/** What an element comes down to. */
type Told = readonly [name: string, result: string];
interface Outcome {
  readonly elements: readonly Told[];
  readonly others: ReadonlyMap<string, string>;
}

function tell(name: string, element: ElementResult): Told {
  return [name, element.ok ? `${text(element.bytes)} ${element.parsed.hasRawNumbers}` : element.error.reason];
}

function streamed(chunks: readonly Uint8Array[], limits = LIMITS): Outcome | 'refused' {
  const stream = new JsonStream(limits);
  const elements: Told[] = [];
  try {
    for (const chunk of chunks) for (const one of stream.push(chunk)) elements.push(tell(one.name, one.element));
    return { elements, others: new Map([...stream.finish()].map(([name, value]) => [name, text(value)])) };
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    return 'refused';
  }
}

/** The same by the parser that has the whole text. */
function whole(body: Uint8Array): Outcome | 'refused' {
  try {
    const elements: Told[] = [];
    const others = new Map<string, string>();
    for (const [name, range] of sliceMembers(body)) {
      const isArray = ARRAYS.has(name);
      if (!isArray) others.set(name, text(body.subarray(range.start, range.end)));
      const options = { maxBytes: LIMITS.elementBytesMax };
      for (const one of isArray ? parseElements(body, range, options) : []) elements.push(tell(name, one));
    }
    return { elements, others };
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    return 'refused';
  }
}

/** Cuts a text at these places. */
function cut(body: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [0, ...places.map((one) => one % (body.length + 1)).toSorted((a, b) => a - b), body.length];
  return sorted.slice(1).map((end, index) => body.subarray(sorted[index], end));
}

const element = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  fc.constantFrom('{"n":1.5}', '{"a":1,"a":2}', '"\\ud800"', '{"d":tru}', '1 2', '{]', '"\\\\"', '"\\""', '[[[[]]]]'),
  fc.constantFrom('', '{', ']', '"', `"${'x'.repeat(60)}"`, `"${'x'.repeat(38)}"     `, `{"a":${' '.repeat(50)}1}`),
);
const list = fc.array(element, { maxLength: 6 }).map((items) => `[${items.join(' , ')}]`);
const member = fc.tuple(
  fc.constantFrom('"state"', '"auth_chain"', '"event"', '"s\\u0074ate"', '"members_omitted"', '"\\\\"', 'x', '""'),
  fc.oneof({ weight: 3, arbitrary: list }, { weight: 1, arbitrary: element }),
);
const body = fc
  .tuple(fc.array(member, { maxLength: 4 }), fc.constantFrom('', ' ', '\n\t'), fc.constantFrom('', ' ', '}', 'x'))
  .map(([members, gap, tail]) => {
    const inner = members.map(([name, value]) => `${gap}${name}${gap}:${gap}${value}${gap}`).join(',');
    return `${gap}{${inner}}${tail}`;
  });
/** A text with one byte put in, taken out or put in another's place. */
const mutated = fc
  .tuple(body, fc.nat(), fc.constantFrom(...'{}[],:"\\ \u0001x'), fc.constantFrom('none', 'in', 'out', 'instead'))
  .map(([given, place, unit, kind]) => {
    const at = place % (given.length + 1);
    if (kind === 'none') return given;
    return given.slice(0, at) + (kind === 'out' ? '' : unit) + given.slice(kind === 'in' ? at : at + 1);
  });

test('however a text is cut, what comes of it is what the whole-text parser gives', () => {
  let refused = 0;
  let accepted = 0;
  fc.assert(
    fc.property(mutated, fc.array(fc.nat(), { maxLength: 12 }), (given, places) => {
      const input = bytes(given);
      const expected = whole(input);
      assert.deepEqual(streamed(cut(input, places)), expected);
      const single = Array.from(input, (_, index) => input.subarray(index, index + 1));
      assert.deepEqual(streamed(single), expected);
      if (expected === 'refused') refused += 1;
      else accepted += 1;
    }),
    { numRuns: 2_000 },
  );
  // Neither half of the property is empty.
  assert.ok(refused > 100 && accepted > 100, `${refused} refused, ${accepted} accepted`);
});

test('an element is given before the text has ended', () => {
  const stream = new JsonStream(LIMITS);
  const [first] = stream.push(bytes('{"state":[{"n":1},{"n"'));
  assert.deepEqual(first && tell(first.name, first.element), ['state', '{"n":1} false']);
  // Whether it is followed by what ends it, the next piece tells.
  assert.deepEqual(stream.push(bytes(':2}')), []);
  assert.deepEqual(
    stream.push(bytes(' ],"x":1}')).map((one) => tell(one.name, one.element)),
    [['state', '{"n":2} false']],
  );
  assert.ok(stream.hasArray('state') && !stream.hasArray('auth_chain'));
  assert.equal(text(stream.finish().get('x')), '1');
});

test('a text that is cut off is refused wherever it ends', () => {
  const given = bytes('{"state":[{"a":"]\\""},{"b":[1]}],"event":{"c":"}"},"auth_chain":[]}');
  assert.notEqual(streamed([given]), 'refused');
  for (let end = 0; end < given.length; end += 1) assert.equal(streamed([given.subarray(0, end)]), 'refused');
});

test('each limit holds at the limit and not behind it', () => {
  const exact = (limits: Partial<JsonStreamLimits>, given: string): Outcome | 'refused' =>
    streamed([bytes(given)], { ...LIMITS, ...limits });
  const three = '{"state":[1,2,3]}';
  assert.notEqual(exact({ arrays: new Map([['state', 3]]) }, three), 'refused');
  assert.equal(exact({ arrays: new Map([['state', 2]]) }, three), 'refused');
  assert.notEqual(exact({ bytesMax: three.length }, three), 'refused');
  assert.equal(exact({ bytesMax: three.length - 1 }, three), 'refused');
  const other = '{"a":"0123","b":1}';
  assert.notEqual(exact({ otherBytesMax: 13 }, other), 'refused');
  assert.equal(exact({ otherBytesMax: 12 }, other), 'refused');
  const large = exact({ elementBytesMax: 6 }, '{"state":["1234","12345",7]}');
  assert.deepEqual(large !== 'refused' && large.elements, [
    ['state', '"1234" false'],
    ['state', 'too large'],
    ['state', '7 false'],
  ]);
});

test('adv-115 what never ends is kept within the limits, and refused at the last of them', () => {
  const limits = { ...LIMITS, bytesMax: 50_000_000 };
  const piece = bytes(' '.repeat(1_000_000));
  const endless = ['{"state":[', '{"state":[{"a":"', '{"state":[[', '{"', '{"a":', '{"a":"', ''];
  for (const start of endless) {
    const stream = new JsonStream(limits);
    const before = process.memoryUsage().arrayBuffers;
    const eat = (): void => {
      stream.push(bytes(start));
      for (let count = 0; count < 60; count += 1) stream.push(piece);
    };
    assert.throws(eat, { name: 'JsonParseError', reason: 'too large' }, start);
    assert.ok(process.memoryUsage().arrayBuffers - before < 10_000_000, start);
  }
});

test('deep nesting costs the element that has it, and nothing else', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const outcome = streamed([bytes(`{"state":[${deep},1]}`)], {
    ...LIMITS,
    elementBytesMax: 1_000_000,
    bytesMax: 1_000_000,
  });
  assert.deepEqual(outcome !== 'refused' && outcome.elements, [
    ['state', 'too deep'],
    ['state', '1 false'],
  ]);
});
