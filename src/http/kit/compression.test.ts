import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliDecompressSync, zstdDecompressSync } from 'node:zlib';
import { acceptsEncoding, compress } from './compression.ts';

const long = Buffer.from('{"event_id":"$abc"}'.repeat(100));

describe('compression of answers', () => {
  it('takes the best form that the client takes', () => {
    const zstd = compress(long, 'gzip, br, zstd');
    assert.equal(zstd.encoding, 'zstd');
    assert.deepEqual(zstdDecompressSync(zstd.bytes), long);
    const brotli = compress(long, 'gzip, deflate, br;q=0.5');
    assert.equal(brotli.encoding, 'br');
    assert.deepEqual(brotliDecompressSync(brotli.bytes), long);
  });

  it('leaves alone what is small, or what the client takes only plain', () => {
    const small = Buffer.from('{}');
    assert.deepEqual(compress(small, 'zstd'), { bytes: small, encoding: undefined });
    for (const accept of [undefined, '', 'gzip', 'identity', 'br;q=0, zstd; q=0.000', 'x-br, not-zstd']) {
      assert.deepEqual(compress(long, accept), { bytes: long, encoding: undefined });
    }
  });

  it('reads the header as RFC 9110 writes it', () => {
    assert.equal(acceptsEncoding('GZIP, BR', 'br'), true);
    assert.equal(acceptsEncoding('br ; q=0.001', 'br'), true);
    assert.equal(acceptsEncoding('br;q=0', 'br'), false);
    assert.equal(acceptsEncoding('gzip;q=0, br', 'br'), true);
    assert.equal(acceptsEncoding('', 'br'), false);
  });
});
