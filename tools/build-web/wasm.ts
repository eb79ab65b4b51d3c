/** Drops the custom sections (names for stack traces, 3 MB of them) from a WebAssembly module. */

const HEADER_BYTES = 8;
const CUSTOM_SECTION = 0;

function readLeb128(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let shift = 0;
  let next = at;
  for (;;) {
    const byte = bytes[next];
    if (byte === undefined || shift > 28) throw new Error('not a WebAssembly module: bad length');
    next += 1;
    value += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if ((byte & 0x80) === 0) return { value, next };
  }
}

/** The module without its sections of id 0; everything else is byte for byte the same. */
export function stripCustomSections(bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0 || bytes[1] !== 0x61) throw new Error('not a WebAssembly module');
  const kept: Uint8Array[] = [bytes.subarray(0, HEADER_BYTES)];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const { value: length, next } = readLeb128(bytes, at + 1);
    const end = next + length;
    if (bytes[at] !== CUSTOM_SECTION) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}
