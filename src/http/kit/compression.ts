/**
 * Compression of answers: zstd at level 1 or brotli at quality 1, where the client takes it and it pays
 * (PERFORMANCE: never brotli 4 or higher inline).
 */
import { brotliCompressSync, constants, zstdCompressSync } from 'node:zlib';

/** Below this a compressed answer saves no packet. */
const WORTH_BYTES = 1_024;

export interface Encoded {
  readonly bytes: Uint8Array;
  readonly encoding: 'zstd' | 'br' | undefined;
}

/** Whether an Accept-Encoding header takes a coding: "a qvalue of 0 means not acceptable" (RFC 9110). */
export function acceptsEncoding(accept: string, coding: string): boolean {
  return accept.split(',').some((one) => {
    const [name = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    return name === coding && !parameters.some((part) => /^q=0(?:\.0*)?$/.test(part));
  });
}

/** Chooses among what `accept` (the Accept-Encoding header) names; leaves small answers as they are. */
export function compress(bytes: Uint8Array, accept: string | undefined): Encoded {
  if (bytes.length < WORTH_BYTES || accept === undefined) return { bytes, encoding: undefined };
  if (acceptsEncoding(accept, 'zstd')) {
    return {
      bytes: zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
      encoding: 'zstd',
    };
  }
  if (acceptsEncoding(accept, 'br')) {
    return { bytes: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }), encoding: 'br' };
  }
  return { bytes, encoding: undefined };
}
