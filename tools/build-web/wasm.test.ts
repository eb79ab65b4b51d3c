import { test } from 'node:test';
import assert from 'node:assert/strict';
import { stripCustomSections } from './wasm.ts';

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const TYPES = [1, 4, 1, 0x60, 0, 0];
const CUSTOM = [0, 5, 4, 0x6e, 0x61, 0x6d, 0x65];

test('custom sections go, everything else is byte for byte the same', () => {
  const module = Uint8Array.from([...HEADER, ...CUSTOM, ...TYPES, ...CUSTOM]);
  assert.deepEqual([...stripCustomSections(module)], [...HEADER, ...TYPES]);
  assert.ok(WebAssembly.validate(new Uint8Array(stripCustomSections(module))));
});

test('what is no module is refused', () => {
  assert.throws(() => stripCustomSections(new Uint8Array([1, 2, 3])));
  assert.throws(() => stripCustomSections(Uint8Array.from([...HEADER, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])));
});
