/** Reading what a peer says on a stream of a link. */
import type { Duplex } from 'node:stream';

/** Everything up to the end of the other side; this side stays open for an answer. Rejects beyond `bytesMax`. */
export function readAll(stream: Duplex, bytesMax: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    stream.on('data', (chunk: Uint8Array) => {
      size += chunk.length;
      if (size > bytesMax) stream.destroy(new Error('more than was expected'));
      else chunks.push(chunk);
    });
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the stream has been given up')));
  });
}
