import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import type { EventId } from '../../matrix/ids.ts';
import { jsonEquals, type JsonObject, omitKeys } from '../../matrix/json.ts';
import { parsePduJson } from '../../matrix/json-parse.ts';
import { keyOf, sha256 } from '../../../test/fixtures/ed25519.ts';
import { rulesOf, versions } from '../../../test/fixtures/room-kit.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { EVENT_BYTES_MAX } from '../event-format/check-event-format.ts';
import { parsePdu } from '../event-format/parse-pdu.ts';
import { signEvent } from '../signatures/sign.ts';
import { hashEvent } from './hashes.ts';
import { type EventFields, fitsWhenSigned, sealEvent, signedEventText } from './seal-event.ts';

const ID = `$${'A'.repeat(43)}` as EventId;
const types = ['m.room.message', 'm.room.member', 'm.room.create', 'm.room.power_levels', 'm.room.redaction', 'x"y'];
const text = fc.string({ unit: 'binary', maxLength: 12 });
const fields: fc.Arbitrary<EventFields> = fc.record({
  type: fc.constantFrom(...types),
  sender: fc.constant('@a:a.example'),
  roomId: fc.option(fc.constantFrom('!r:a.example', `!${'A'.repeat(43)}`), { nil: undefined }),
  stateKey: fc.option(text, { nil: undefined }),
  content: fc.dictionary(
    fc.oneof(text, fc.constantFrom('membership', 'users', 'redacts')),
    fc.oneof(text, fc.maxSafeInteger()),
  ),
  originServerTs: fc.maxSafeNat(),
  depth: fc.maxSafeNat(),
  authEvents: fc.array(fc.constant(ID), { maxLength: 3 }),
  prevEvents: fc.array(fc.constant(ID), { maxLength: 3 }),
  redacts: fc.option(fc.constant(ID), { nil: undefined }),
});

test('adv-020 a sealed event is the one that hashing and signing its JSON gives', () => {
  const signer = keyOf('a.example', 4, 'ed25519:k');
  fc.assert(
    fc.property(fields, fc.constantFrom(...versions(3)), (given, rules) => {
      const sealed = sealEvent(given, rules, sha256);
      const slow = hashEvent(omitKeys(sealed.event.json, 'hashes'), rules, sha256);
      assert.equal(sealed.signedText, slow.signedText);
      assert.equal(sealed.event.eventId, slow.eventId);
      assert.ok(jsonEquals(sealed.event.json, slow.json));
      const base64 = encodeBase64(signer.sign(sealed.signedText));
      const signed = signedEventText(sealed, { entity: signer.entity, keyId: signer.keyId, base64 });
      assert.equal(signed, canonicalJson(signEvent(slow.json, rules, signer)));
      const received = parsePduJson(signed).value as JsonObject;
      if (given.roomId !== undefined) {
        const parsed = parsePdu(received, rules, sha256);
        if (parsed.accept) assert.equal(parsed.event.eventId, sealed.event.eventId);
      }
    }),
    { numRuns: 150 },
  );
});

test('the size limit counts the signature that is still to come', () => {
  const rules = rulesOf('12');
  const signer = { entity: 'a.example', keyId: 'ed25519:k' };
  const sealed = (body: string) =>
    sealEvent(
      {
        type: 'm',
        sender: '@a:a.example',
        roomId: `!${'A'.repeat(43)}`,
        content: { body },
        originServerTs: 1,
        depth: 1,
        authEvents: [],
        prevEvents: [],
      },
      rules,
      sha256,
    );
  const overhead = Buffer.byteLength(signedEventText(sealed(''), { ...signer, base64: 'x'.repeat(86) }));
  for (const unit of ['x', 'é', '日']) {
    const room = Math.floor((EVENT_BYTES_MAX - overhead) / Buffer.byteLength(unit));
    assert.equal(fitsWhenSigned(sealed(unit.repeat(room)), signer), true, unit);
    assert.equal(fitsWhenSigned(sealed(unit.repeat(room + 1)), signer), false, unit);
  }
});

test('what has no canonical form is never sealed', () => {
  const base = {
    type: 'm',
    sender: '@a:a',
    roomId: '!r:a',
    originServerTs: 1,
    depth: 1,
    authEvents: [],
    prevEvents: [],
  };
  for (const bad of [{ n: 1.5 }, { n: 2 ** 53 }, { s: '\ud800' }, { n: Number.NaN }]) {
    assert.throws(() => sealEvent({ ...base, content: bad }, rulesOf('12'), sha256));
  }
  assert.throws(() => sealEvent({ ...base, content: {}, depth: 2 ** 53 }, rulesOf('12'), sha256));
  assert.throws(() => sealEvent({ ...base, content: {} }, rulesOf('1'), sha256));
});
