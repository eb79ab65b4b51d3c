/** Reading a request's body within its limits. */
import type { IncomingMessage } from 'node:http';
import { JsonParseError, parseJson } from '../../matrix/json-parse.ts';
import type { JsonValue } from '../../matrix/json.ts';
import { MatrixError } from '../../matrix/errors.ts';

/** "request body (except media): 200 × 65,536 B" */
const BODY_BYTES_MAX = 200 * 65_536;

/** The whole body; throws `M_TOO_LARGE` as soon as more than `bytesMax` have come. */
export function readBytes(request: IncomingMessage, bytesMax = BODY_BYTES_MAX): Promise<Uint8Array> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > bytesMax) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= bytesMax) {
        chunks.push(chunk);
        return;
      }
      request.removeAllListeners('data');
      request.resume();
      reject(tooLarge());
    });
    request.on('end', () => {
      const [first] = chunks;
      resolve(chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks));
    });
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new MatrixError('M_UNKNOWN', 'The connection was closed', { status: 400 }));
    });
  });
}

function tooLarge(): MatrixError {
  return new MatrixError('M_TOO_LARGE', 'The request body is too large');
}

/**
 * Parses a JSON body strictly; an absent body is an empty object. `numbers` says what becomes of those that canonical
 * JSON forbids. Throws `M_NOT_JSON`.
 */
export function parseBody(bytes: Uint8Array, numbers: 'double' | 'raw' = 'double'): JsonValue {
  if (bytes.length === 0) return Object.create(null) as JsonValue;
  try {
    return parseJson(bytes, { numbers });
  } catch (cause) {
    if (!(cause instanceof JsonParseError)) throw cause;
    throw new MatrixError('M_NOT_JSON', `The request body is not JSON: ${cause.message}`, { cause });
  }
}
