import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperationError } from '../../matrix/errors.ts';
import { fileNameOf } from './disposition.ts';
import { readMediaPart } from './multipart.ts';

const TYPE = 'multipart/mixed; boundary=b0';
const HEAD = '--b0\r\nContent-Type: application/json\r\n\r\n{}';
const FORM = `${HEAD}\r\n--b0\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b0--\r\n`;

/** Reads a form whose bytes come in pieces of this length. */
async function read(
  form: string,
  { type = TYPE, piece = 7 } = {},
): Promise<{ text: string; type: string | undefined }> {
  const bytes = Buffer.from(form);
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  };
  const { headers, body } = await readMediaPart(type, pieces());
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString(), type: headers.get('content-type') };
}

describe('media in two parts', () => {
  const good: Record<string, [form: string, text: string, type?: string]> = {
    'as it should be': [FORM, 'hello'],
    'with a preamble and an epilogue': [`nothing\r\n${FORM}more`, 'hello'],
    'without a line break at the end': [FORM.slice(0, -2), 'hello'],
    'with an empty medium': [FORM.replace('hello', ''), ''],
    'with what looks like a delimiter': [
      FORM.replace('hello', 'a\r\n--b1\r\n--b\r\n-\r\n'),
      'a\r\n--b1\r\n--b\r\n-\r\n',
    ],
    'with blanks behind a delimiter': [
      FORM.replace('--b0\r\nContent-Type: text', '--b0 \t\r\nContent-Type: text'),
      'hello',
    ],
    'with a boundary in quotes': [FORM.replaceAll('--b0', '--b 0'), 'hello', 'Multipart/Mixed; x=y; boundary="b 0"'],
  };
  for (const [name, [form, text, type]] of Object.entries(good)) {
    test(name, async () => {
      for (const piece of [1, 2, 3, 64, 10_000]) {
        const answer = await read(form, { piece, ...(type !== undefined && { type }) });
        assert.deepEqual(answer, { text, type: 'text/plain' });
      }
    });
  }

  const bad: Record<string, [form: string, type?: string]> = {
    'no multipart': [FORM, 'application/json'],
    'no boundary': [FORM, 'multipart/mixed'],
    'another boundary': [FORM, 'multipart/mixed; boundary=other'],
    'cut in the medium': [FORM.slice(0, FORM.indexOf('llo'))],
    'cut in the last delimiter': [FORM.slice(0, FORM.lastIndexOf('--'))],
    'one part': [`${HEAD}\r\n--b0--\r\n`],
    'three parts': [FORM.replace('hello', 'hello\r\n--b0\r\n\r\nthird')],
    'an endless preamble': ['x'.repeat(10_000) + FORM],
    'endless headers': [FORM.replace('text/plain', `text/plain\r\nX: ${'x'.repeat(20_000)}`)],
    'endless metadata': [FORM.replace('{}', '{}'.repeat(40_000))],
    'something behind a delimiter': [FORM.replace('--b0\r\nContent-Type: text', '--b0x\r\nContent-Type: text')],
    nothing: [''],
  };
  for (const [name, [form, type]] of Object.entries(bad)) {
    test(`refused: ${name}`, async () => {
      for (const piece of [1, 10_000]) {
        const reading = read(form, { piece, ...(type !== undefined && { type }) });
        await assert.rejects(reading, (error) => error instanceof OperationError && error.kind === 'bad answer');
      }
    });
  }
});

test('adv-119, adv-125: file names of other servers', () => {
  const names: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    ['attachment', undefined],
    ['attachment; filename=cat.png', 'cat.png'],
    ['attachment; filename="a \\"cat\\".png"', 'a "cat".png'],
    ["inline; filename=x; filename*=utf-8''%E7%8C%AB.png", '猫.png'],
    ["inline; filename*=UTF-8'en'%zz; filename=x", 'x'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ["attachment; filename*=utf-8''..%2F..%2F.ssh%2Fid%0D%0AX: y", 'idX:'],
    ['attachment; filename="a\\\\..\\\\b"', 'b'],
    [`attachment; filename="${'x'.repeat(3_000)}"`, undefined],
  ];
  for (const [header, name] of names) assert.equal(fileNameOf(header), name, header);
});
