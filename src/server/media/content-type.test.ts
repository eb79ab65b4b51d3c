import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  baseType,
  cleanContentType,
  cleanFileName,
  contentDisposition,
  isInline,
  isThumbnailable,
} from './content-type.ts';

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const MP4 = Buffer.from('\0\0\0\x18ftypmp42', 'latin1');
const WEBP = Buffer.from('RIFF\0\0\0\0WEBPVP8 ', 'latin1');
const WAVE = Buffer.from('RIFF\0\0\0\0WAVEfmt ', 'latin1');
const HTML = Buffer.from('<!doctype html><script>');

describe('what may be shown in the page', () => {
  it('is what the bytes really are', () => {
    const shown: [string, Buffer][] = [
      ['image/png', PNG],
      ['IMAGE/PNG; charset=x', PNG],
      ['video/mp4', MP4],
      ['audio/mp4', MP4],
      ['image/webp', WEBP],
    ];
    for (const [type, head] of shown) assert.equal(isInline(type, head), true, type);
  });

  it('adv-125: is not what is only declared to be harmless', () => {
    const hidden: [string | undefined, Buffer][] = [
      ['image/png', HTML],
      ['image/jpeg', PNG],
      ['image/webp', WAVE],
      ['video/mp4', HTML],
      ['image/png', Buffer.alloc(0)],
      [undefined, PNG],
      ['', PNG],
      ['png', PNG],
    ];
    for (const [type, head] of hidden) assert.equal(isInline(type, head), false, type);
  });

  it('adv-125: is never a type that runs', () => {
    for (const type of ['text/html', 'image/svg+xml', 'application/xhtml+xml', 'text/javascript', 'application/pdf']) {
      for (const head of [HTML, PNG]) assert.equal(isInline(type, head), false, type);
    }
    assert.equal(isInline('text/plain', HTML), true);
  });

  it('adv-122: thumbnails are made of pictures, told by their bytes', () => {
    assert.deepEqual([PNG, WEBP, MP4, HTML, WAVE].map(isThumbnailable), [true, true, false, false, false]);
  });
});

describe('a content type', () => {
  it('is told without its parameters', () => {
    assert.equal(baseType(' Text/Plain ; charset=utf-8'), 'text/plain');
    for (const wrong of ['text', 'text/', '/plain', 'text/plain x', 'text/pl ain', 'a/b/c']) {
      assert.equal(baseType(wrong), undefined, wrong);
    }
  });

  it('is kept only where it can stand in a header', () => {
    assert.equal(cleanContentType('text/plain; charset=utf-8 '), 'text/plain; charset=utf-8');
    for (const wrong of ['text/plain\r\nSet-Cookie: a', 'text/plain; x=é', `text/plain;${'x'.repeat(200)}`, 'x']) {
      assert.equal(cleanContentType(wrong), undefined, wrong);
    }
  });
});

describe('a file name', () => {
  it('is the last part of a path, without control characters', () => {
    assert.equal(cleanFileName('../../etc/passwd'), 'passwd');
    assert.equal(cleanFileName('C:\\temp\\a\u0000b\n.txt'), 'ab.txt');
    for (const none of ['', 'a/', '\n', '\ud800', undefined]) assert.equal(cleanFileName(none), undefined);
  });

  it('stands in the header in the form that it needs', () => {
    assert.equal(contentDisposition('inline', undefined), 'inline');
    assert.equal(contentDisposition('attachment', 'a-b_1.txt'), 'attachment; filename=a-b_1.txt');
    assert.equal(contentDisposition('inline', 'a "b"\\.txt'), 'inline; filename="a \\"b\\"\\\\.txt"');
    assert.equal(contentDisposition('inline', "é'(*).txt"), "inline; filename*=utf-8''%C3%A9%27%28%2A%29.txt");
  });

  it('adv-125: is cut between characters, so that it can always stand in a header', () => {
    const long = `${'a'.repeat(254)}😀`;
    assert.equal(cleanFileName(long), 'a'.repeat(254));
    const name = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(name, fc.integer({ min: 0, max: 3 }), (text, offset) => {
        const clean = cleanFileName('a'.repeat(252 + offset) + text);
        assert.match(contentDisposition('attachment', clean), /^[\x20-\x7e]+$/);
      }),
      { numRuns: 200 },
    );
  });
});
