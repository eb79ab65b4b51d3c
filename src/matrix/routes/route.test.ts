import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeBase64Url } from '../../lib/base64.ts';
import { formatRoute, parseRoute, parseZone, routeName } from './route.ts';

const PINS = `fp=${encodeBase64Url(new Uint8Array(32).fill(7))}&s=${encodeBase64Url(new Uint8Array(16).fill(9))}`;

test('a route is read in one form, whatever form it was written in', () => {
  const forms: readonly [written: string, read: string][] = [
    ['https://Chat.Example.ORG', 'https://chat.example.org'],
    ['https://chat.example.org:443/', 'https://chat.example.org'],
    ['https://chat.example.org:8448/x/aB3_', 'https://chat.example.org:8448/x/aB3_'],
    ['https://203.0.113.20', 'https://203.0.113.20'],
    ['https://[2001:DB8:0:0::20]:8448', 'https://[2001:db8::20]:8448'],
    ['http://localhost:8008', 'http://localhost:8008'],
    ['http://127.0.0.1:80', 'http://127.0.0.1'],
    [`webrtc://198.51.100.80:41443#${PINS}`, `webrtc://198.51.100.80:41443#${PINS}`],
    [`webrtc://[2001:db8::1]:41443#${PINS}`, `webrtc://[2001:db8::1]:41443#${PINS}`],
  ];
  for (const [written, read] of forms) {
    const route = parseRoute(written);
    assert.ok(route !== undefined, written);
    assert.equal(formatRoute(route), read);
  }
});

test('what is no route is refused', () => {
  const refused = [
    '',
    'ftp://example.org',
    'http://example.org',
    'http://127.0.0.1.example.org',
    'https://',
    'https://user:secret@example.org',
    'https://example.org?x=1',
    'https://example.org#x',
    'https://example.org:0',
    'https://example.org:65536',
    'https://example.org/a/../b',
    'https://example.org/a//b',
    'https://example.org/a%2fb',
    'https://exa mple.org',
    'https://[::1',
    'https://256.1.1.1',
    'javascript:alert(1)',
    `webrtc://example.org:1#${PINS}`,
    `webrtc://198.51.100.80#${PINS}`,
    `webrtc://198.51.100.80:70000#${PINS}`,
    'webrtc://198.51.100.80:1#fp=AA&s=AA',
    `webrtc://198.51.100.80:1#${PINS}&x=1`,
    `https://example.org/${'a/'.repeat(9)}`,
  ];
  for (const text of refused) assert.equal(parseRoute(text), undefined, text);
  assert.equal(parseZone('moon'), undefined);
  assert.equal(parseZone('idc'), 'idc');
});

test('the name of a route tells none of its secrets', () => {
  const web = parseRoute('https://chat.example.org:8448/x/secret');
  const direct = parseRoute(`webrtc://198.51.100.80:41443#${PINS}`);
  assert.ok(web !== undefined && direct !== undefined);
  assert.equal(routeName(web), 'https://chat.example.org:8448');
  assert.equal(routeName(direct), 'webrtc://198.51.100.80:41443');
});

test('any text is a route that reads back as itself, or none', () => {
  const near = fc.stringMatching(/^(https?|webrtc):\/\/[a-z0-9.:[\]/#&=_-]{0,60}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      const route = parseRoute(text);
      if (route !== undefined) assert.deepEqual(parseRoute(formatRoute(route)), route);
    }),
    { numRuns: 2_000 },
  );
});
