import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseServerName } from './ids.ts';
import { splitServerName } from './server-address.ts';

test('a server name tells host, port, and whether the host is an address', () => {
  const cases: [string, string, number | undefined, boolean][] = [
    ['example.org', 'example.org', undefined, false],
    ['example.org:8448', 'example.org', 8448, false],
    ['1.2.3.4', '1.2.3.4', undefined, true],
    ['1.2.3.4:1', '1.2.3.4', 1, true],
    ['[::1]', '::1', undefined, true],
    ['[2001:db8::1]:443', '2001:db8::1', 443, true],
    ['1.2.3.4.5', '1.2.3.4.5', undefined, false],
    ['256.2.3.4', '256.2.3.4', undefined, false],
    ['1.2.3', '1.2.3', undefined, false],
    ['1.2.3.4.', '1.2.3.4.', undefined, false],
  ];
  for (const [text, host, port, isLiteral] of cases) {
    const name = parseServerName(text);
    assert.ok(name !== undefined, text);
    assert.deepEqual(splitServerName(name), { host, port, isLiteral }, text);
  }
});
