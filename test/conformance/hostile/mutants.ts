/** What is done to the body of a request. Each mutant is the text that is sent, with a name for the report. */
import { type Dict, isRecord } from '../../harness/index.ts';

export interface Mutant {
  readonly name: string;
  readonly body: Uint8Array | string;
}

/** Placeholders that stand for raw JSON which no JavaScript value has. */
const RAW: readonly (readonly [string, string])[] = [
  ['lone surrogate', '"\\ud800"'],
  ['reversed surrogates', '"\\udc00\\ud800"'],
  ['NUL', '"\\u0000"'],
  ['NUL inside', '"a\\u0000b"'],
  ['1e999', '1e999'],
  ['-1e999', '-1e999'],
  ['1.5', '1.5'],
  ['beyond 2^53', '9007199254740993'],
  ['negative', '-1'],
  ['-0', '-0'],
  ['NaN', 'NaN'],
  ['null', 'null'],
  ['true', 'true'],
  ['zero', '0'],
  ['empty text', '""'],
  ['empty list', '[]'],
  ['empty object', '{}'],
  ['list of null', '[null]'],
  ['list of lists', '[[],[[]]]'],
  ['object of null', '{"a":null}'],
  ['__proto__', '{"__proto__":{"polluted":true}}'],
  ['constructor', '{"constructor":{"prototype":{"polluted":true}}}'],
  ['toString', '{"toString":"x","valueOf":1,"hasOwnProperty":null}'],
  ['deep list', `${'['.repeat(2_000)}${']'.repeat(2_000)}`],
  ['deep object', `${'{"a":'.repeat(2_000)}1${'}'.repeat(2_000)}`],
  ['duplicate keys', '{"a":1,"a":2}'],
  ['many keys', `{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join(',')}}`],
  ['emoji', '"\\ud83d\\ude00\\u202e\\ufeff"'],
  ['1 MiB', `"${'x'.repeat(1_048_576)}"`],
];

const MARK = '@@hostile@@';

/** Places inside a body, down to two levels. */
function placesOf(body: Dict): (readonly string[])[] {
  const places: (readonly string[])[] = [[]];
  for (const [name, value] of Object.entries(body)) {
    places.push([name]);
    if (isRecord(value)) for (const inner of Object.keys(value)) places.push([name, inner]);
  }
  return places;
}

function withMark(body: Dict, place: readonly string[]): unknown {
  const [name, ...rest] = place;
  if (name === undefined) return MARK;
  const value = body[name];
  return { ...body, [name]: rest.length === 0 ? MARK : withMark(isRecord(value) ? value : {}, rest) };
}

/** Every place that the operation knows × every hostile value, in a body that is otherwise in order. */
export function valueMutants(body: Dict, full: Dict): Mutant[] {
  return placesOf(full).flatMap((place) => {
    const text = JSON.stringify(
      withMark(place.length > 1 ? { ...body, [place[0] ?? '']: full[place[0] ?? ''] } : body, place),
    );
    return RAW.map(([name, raw]) => ({
      name: `${place.join('.') || '(body)'} = ${name}`,
      body: text.replace(`"${MARK}"`, () => raw),
    }));
  });
}

/** A body without one of its properties, with hostile ones added, or broken as a whole. */
export function wholeMutants(body: Dict): Mutant[] {
  const text = JSON.stringify(body);
  const without = Object.keys(body).map((name) => {
    const { [name]: _, ...rest } = body;
    return { name: `without ${name}`, body: JSON.stringify(rest) };
  });
  const added = text === '{}' ? '' : ',';
  return [
    ...without,
    { name: 'own __proto__', body: `{"__proto__":{"admin":true}${added}${text.slice(1)}` },
    { name: 'own constructor', body: `{"constructor":null${added}${text.slice(1)}` },
    { name: 'every key twice', body: `{${text.slice(1, -1)}${added}${text.slice(1, -1)}}` },
  ];
}

/** Bodies that are no JSON at all: they must be refused and change nothing. */
export function brokenBodies(body: Dict): Mutant[] {
  const text = JSON.stringify(body);
  return [
    { name: 'cut off', body: text.slice(0, -1) },
    { name: 'trailing comma', body: '{"a":1,}' },
    { name: 'two values', body: `${text}${text}` },
    { name: 'single quotes', body: "{'a':1}" },
    { name: 'comment', body: `${text}//` },
    { name: 'not UTF-8', body: Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) },
    { name: 'overlong UTF-8', body: Buffer.from([0x7b, 0x22, 0xc0, 0x80, 0x22, 0x3a, 0x31, 0x7d]) },
    { name: 'UTF-16', body: Buffer.from(text, 'utf16le') },
    { name: 'only blanks', body: '   ' },
    { name: '100,000 brackets', body: '['.repeat(100_000) },
    { name: 'a number', body: '5' },
    { name: 'a text', body: '"x"' },
    { name: 'a list', body: '[]' },
    { name: 'null', body: 'null' },
  ];
}
