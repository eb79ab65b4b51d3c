import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cborg';
import fc from 'fast-check';
import { encodeBase64Url } from '../../lib/base64.ts';
import {
  decodeInvite,
  encodeInvite,
  INVITE_BYTES_MAX,
  type Invite,
  inviteLink,
  inviteText,
  readInvite,
} from './invite.ts';
import { parseRoute, ROUTE_ZONES, type Route, type RouteZone } from './route.ts';

/** Bytes that look like no pattern. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 16;
  });
}

const PINS = `fp=${encodeBase64Url(noise(32, 1))}&s=${encodeBase64Url(noise(16, 2))}`;

function routesOf(...texts: readonly (readonly [string, RouteZone?])[]): Route[] {
  return texts.map(([text, zone]) => {
    const route = parseRoute(text, zone);
    assert.ok(route !== undefined, text);
    return route;
  });
}

const ROUTES = routesOf(
  [`https://k3f9.example.org:40443/x/${encodeBase64Url(noise(12, 3))}`, 'home'],
  [`https://matrix.friends-of-example.net:8448/x/${encodeBase64Url(noise(12, 3))}`, 'abroad'],
  ['https://203.0.113.20', 'abroad'],
  [`webrtc://198.51.100.80:41443#${PINS}`, 'idc'],
);

const INVITE: Invite = {
  serverName: 'example.org',
  keyId: 'ed25519:a_Q7xKf2',
  publicKey: noise(32, 4),
  routes: ROUTES,
  token: encodeBase64Url(noise(15, 5)),
  expiresAtMs: Date.UTC(2026, 11, 1, 12),
};

const WHOLE: Invite = {
  ...INVITE,
  inviter: '@anna.lindqvist:example.org',
  roomId: `!${encodeBase64Url(noise(32, 6))}`,
};

test('an invite with four routes has at most 300 bytes, and as text at most 300 letters', () => {
  const bytes = encodeInvite(INVITE);
  assert.ok(bytes !== undefined);
  assert.ok(inviteText(bytes).length <= 300, `${inviteText(bytes).length} letters`);
  const whole = encodeInvite(WHOLE);
  assert.ok(whole !== undefined && whole.length <= INVITE_BYTES_MAX, `${whole?.length} bytes`);
});

test('what was written is read again, from bytes, from the link and from text with breaks in it', () => {
  for (const invite of [INVITE, WHOLE]) {
    const bytes = encodeInvite(invite);
    assert.ok(bytes !== undefined);
    assert.deepEqual(decodeInvite(bytes), invite);
    const link = inviteLink(bytes, ROUTES);
    assert.match(link ?? '', /^https:\/\/k3f9\.example\.org:40443\/x\/[^/]+\/#i=/);
    assert.deepEqual(readInvite(link ?? ''), invite);
    assert.deepEqual(readInvite(inviteText(bytes).replaceAll(/(.{20})/g, '$1\n ')), invite);
  }
});

test('a forged field is refused, each for itself', () => {
  const good = [1, 'example.org', 'a', noise(32, 4), null, null, 'token', 0, null, null, [[0, '.']]];
  assert.ok(decodeInvite(encode(good)) !== undefined);
  const forged: readonly [at: number, value: unknown][] = [
    [0, 2],
    [1, 'exa mple.org'],
    [2, 'a b'],
    [3, noise(31, 4)],
    [4, noise(31, 4)],
    [5, noise(15, 4)],
    [6, 'to ken'],
    [7, -1],
    [7, 1.5],
    [7, 2 ** 40],
    [8, 'a:b:c d'],
    [8, 7],
    [9, noise(31, 4)],
    [9, '#room'],
    [10, []],
    [10, 'routes'],
    [
      10,
      [
        [0, '.'],
        [0, 'a.'],
        [0, 'b.'],
        [0, 'c.'],
        [0, 'd.'],
      ],
    ],
    [10, [[3, '.']]],
    [10, [[0]]],
    [10, [[0, '.', 0]]],
    [10, [[0, '.', 443, '']]],
    [10, [[0, '.', 443, true]]],
    [10, [[0, '.', 443, '../x']]],
    [10, [[0, '.', 443, 'x', 1]]],
    [10, [[1, '.', 80]]],
    [10, [[2, noise(4, 1), 41_443]]],
    [10, [[32, '.']]],
    [10, [['__proto__', '.']]],
  ];
  for (const [at, value] of forged) {
    const bytes = encode(good.with(at, value as never));
    assert.equal(decodeInvite(bytes), undefined, `${at}: ${JSON.stringify(value)}`);
  }
  assert.equal(decodeInvite(encode([...good, 1])), undefined);
  assert.equal(decodeInvite(Uint8Array.of(...encode(good), 0)), undefined);
  assert.equal(readInvite('x'.repeat(5_000)), undefined);
});

test('an invite that would be too long is not written', () => {
  assert.equal(encodeInvite({ ...WHOLE, inviter: `@${'a'.repeat(200)}:example.org` }), undefined);
  assert.equal(encodeInvite({ ...INVITE, routes: [...ROUTES, ...ROUTES] }), undefined);
  assert.equal(encodeInvite({ ...INVITE, routes: [] }), undefined);
});

test('any bytes are an invite that reads back as itself, or none; none throws', () => {
  const flipped = fc
    .tuple(fc.nat(INVITE_BYTES_MAX), fc.integer({ min: 1, max: 255 }))
    .map(([at, by]) =>
      (encodeInvite(WHOLE) ?? new Uint8Array()).map((byte, index) => (index === at ? byte ^ by : byte)),
    );
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 320 }), flipped), (bytes) => {
      const invite = decodeInvite(bytes);
      const again = invite && encodeInvite(invite);
      if (again !== undefined) assert.deepEqual(decodeInvite(again), invite);
    }),
    { numRuns: 3_000 },
  );
});

test('every route that can be named goes into an invite and comes out of it', () => {
  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
  const host = fc.oneof(
    label.map((name) => `${name}.example.org`),
    fc.constant('example.org'),
    fc.tuple(label, label).map(([a, b]) => `${a}.${b}`),
    fc.ipV4(),
    fc.ipV6().map((address) => `[${address}]`),
  );
  const zone = fc.option(fc.constantFrom(...ROUTE_ZONES), { nil: undefined });
  const place = fc.tuple(host, fc.integer({ min: 1, max: 65_535 }));
  const web = fc.tuple(place, fc.option(label), zone).map(([[name, port], path, where]) => {
    return parseRoute(`https://${name}:${port}${path === null ? '' : `/x/${path}`}`, where);
  });
  fc.assert(
    fc.property(fc.array(web, { minLength: 1, maxLength: 4 }), (found) => {
      const routes = found.filter((route) => route !== undefined);
      if (routes.length === 0) return;
      const bytes = encodeInvite({ ...INVITE, routes });
      assert.deepEqual(bytes && decodeInvite(bytes)?.routes, routes);
    }),
  );
});
