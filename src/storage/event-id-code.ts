import { Buffer } from 'node:buffer';
import type { EventId } from '../matrix/ids.ts';

const HASH_BYTES = 32;
const HASH_ID_LENGTH = 44;

/**
 * Bytes of an event id. An id that is `$` and 43 characters of URL-safe base64 (room versions 4 and later, and those
 * of version 3 without `+` and `/`) becomes the 32 bytes of its hash. Every other id becomes its UTF-8, with a NUL
 * behind it where that has 32 bytes: so 32 bytes are always a hash, and as no id holds a NUL both ways are reversible.
 */
export function eventIdBytes(id: EventId): Buffer {
  if (id.length === HASH_ID_LENGTH) {
    const hash = Buffer.from(id.slice(1), 'base64url');
    if (hash.length === HASH_BYTES && `$${hash.toString('base64url')}` === id) return hash;
  }
  const text = Buffer.from(id, 'utf8');
  return text.length === HASH_BYTES ? Buffer.concat([text, Buffer.alloc(1)]) : text;
}

/** The event id that {@link eventIdBytes} was given. */
export function eventIdOf(bytes: Uint8Array): EventId {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length === HASH_BYTES) return `$${buffer.toString('base64url')}` as EventId;
  const end = buffer.at(-1) === 0 ? buffer.length - 1 : buffer.length;
  return buffer.toString('utf8', 0, end) as EventId;
}
