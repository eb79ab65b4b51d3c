import assert from 'node:assert/strict';
import { once } from 'node:events';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, it } from 'node:test';
import { MatrixError } from '../../matrix/errors.ts';
import { parseBody, readBytes } from './body.ts';

interface Upload {
  readonly chunks: readonly string[];
  readonly declared?: string;
  /** The connection ends before the body does. */
  readonly cut?: boolean;
}

function request({ chunks, declared, cut = false }: Upload): IncomingMessage {
  const message = new IncomingMessage(new Socket());
  if (declared !== undefined) message.headers['content-length'] = declared;
  for (const chunk of chunks) message.push(Buffer.from(chunk));
  if (cut) message.destroy();
  else {
    message.complete = true;
    message.push(null);
  }
  return message;
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof MatrixError && error.code === expected;
}

describe('reading a body', () => {
  it('joins what came, up to the limit', async () => {
    assert.equal(Buffer.from(await readBytes(request({ chunks: ['ab', 'cd', 'e'] }), 5)).toString(), 'abcde');
    assert.equal((await readBytes(request({ chunks: [] }), 5)).length, 0);
  });

  it('refuses more than the limit, whatever was declared', async () => {
    await assert.rejects(readBytes(request({ chunks: ['abc', 'def'] }), 5), code('M_TOO_LARGE'));
    await assert.rejects(readBytes(request({ chunks: ['abc', 'def'], declared: '1' }), 5), code('M_TOO_LARGE'));
    await assert.rejects(readBytes(request({ chunks: ['a'], declared: '6' }), 5), code('M_TOO_LARGE'));
  });

  it('reads on to the end of what it has refused, so that the answer arrives', { timeout: 10_000 }, async () => {
    const message = request({ chunks: ['abc', 'def', 'ghi'] });
    await assert.rejects(readBytes(message, 5), code('M_TOO_LARGE'));
    if (!message.readableEnded) await once(message, 'end');
    assert.equal(message.readableLength, 0);
  });

  it('ends where the connection does', async () => {
    await assert.rejects(readBytes(request({ chunks: ['ab'], cut: true }), 5), code('M_UNKNOWN'));
  });
});

describe('a JSON body', () => {
  it('is strict, and an empty object where there is none', () => {
    assert.deepEqual({ ...Object(parseBody(Buffer.alloc(0))) }, {});
    assert.deepEqual(parseBody(Buffer.from('[1]')), [1]);
    for (const text of ['{', '{"a":1}x', '\u0000', '{"a":NaN}', ' ']) {
      assert.throws(() => parseBody(Buffer.from(text)), code('M_NOT_JSON'), JSON.stringify(text));
    }
    assert.throws(() => parseBody(Buffer.from([0x22, 0xff, 0x22])), code('M_NOT_JSON'));
  });
});
