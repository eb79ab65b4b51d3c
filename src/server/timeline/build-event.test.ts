import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { typePdu } from '../../matrix/events.ts';
import { type EventId, type RoomId, type UserId, utf8Length } from '../../matrix/ids.ts';
import { copyObject, type JsonObject } from '../../matrix/json.ts';
import { ROOM_VERSIONS } from '../../matrix/room-versions.ts';
import { contentHash, eventIdOf, signedText } from '../../rules/hashes/hashes.ts';
import { type BuildTools, type BuiltEvent, buildEvent, EVENT_BYTES_MAX, type EventInput } from './build-event.ts';

const tools: BuildTools = {
  sha256: (data) => new Uint8Array(createHash('sha256').update(data).digest()),
  serverName: 'a.example',
  keyId: 'ed25519:k1',
  assignedId: () => 'assigned',
};

const VERSIONS = [...ROOM_VERSIONS.values()];
const base: Omit<EventInput, 'rules'> = {
  roomId: '!room:a.example' as RoomId,
  sender: '@alice:a.example' as UserId,
  type: 'm.room.message',
  stateKey: undefined,
  content: { body: 'hello' },
  redacts: undefined,
  originServerTs: 1_700_000_000_000,
  depth: 7,
  authEvents: [],
  prevEvents: [],
};

function build(input: Partial<EventInput> & Pick<EventInput, 'rules'>): BuiltEvent {
  return buildEvent({ ...base, ...input }, tools);
}

/** Some JSON that events may hold: keys of any characters, whole numbers. */
const content = fc.dictionary(
  // Some of which redaction keeps.
  fc.oneof(fc.string({ unit: 'grapheme', maxLength: 5 }), fc.constantFrom('membership', 'users', 'ban', 'redacts')),
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.integer())),
  { maxKeys: 4, noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;

const input = fc
  .record({
    rules: fc.constantFrom(...VERSIONS),
    type: fc.constantFrom('m.room.message', 'm.room.member', 'm.room.power_levels', 'm.room.redaction', 'x\n"é😀'),
    stateKey: fc.constantFrom(undefined, '', '@alice:a.example', '"\u0007'),
    redacts: fc.constantFrom(undefined, '$redacted' as EventId),
    content,
  })
  // Only a redaction names what it redacts, and only some room versions have it beside the content.
  .map(({ redacts, ...rest }) => {
    const isBeside = rest.type === 'm.room.redaction' && !rest.rules.redactsInContent;
    return { ...rest, redacts: isBeside ? redacts : undefined };
  });

describe('building an event', () => {
  it('says spliced what the rules say of the whole: text, hash, id, and what is signed', () => {
    fc.assert(
      fc.property(input, (fields) => {
        const { rules } = fields;
        const { pdu, json, contentText, contentStart, contentEnd, sign } = build(fields);
        const parsed = JSON.parse(json) as JsonObject;
        assert.equal(json, canonicalJson(parsed));
        assert.deepEqual(parsed['hashes'], { sha256: contentHash(parsed, rules, tools.sha256) });
        assert.equal(json.slice(contentStart, contentEnd), contentText);
        assert.equal(contentText, canonicalJson(fields.content));
        if (rules.eventIds !== 'assigned') assert.equal(pdu.eventId, eventIdOf(parsed, rules, tools.sha256));
        // What the writer signs: the text with the content redacted, or the one that is given.
        const redactedContent = json.slice(0, contentStart) + sign.redactedContent + json.slice(contentEnd);
        assert.equal(sign.signedText ?? redactedContent, signedText(parsed, rules));
        // Signatures go in where canonical JSON has them.
        const signatures = { [tools.serverName]: { [tools.keyId]: 'x' } };
        const [head, tail] = [json.slice(0, sign.insertAt), json.slice(sign.insertAt)];
        const signed = `${head},"signatures":${JSON.stringify(signatures)}${tail}`;
        assert.equal(signed, canonicalJson(copyObject(parsed, { signatures })));
      }),
      { numRuns: 200 },
    );
  });

  it('reads back as what was sent', () => {
    fc.assert(
      fc.property(input, (fields) => {
        const { pdu, json } = build(fields);
        const read = typePdu(JSON.parse(json) as JsonObject, pdu.eventId, fields.rules);
        const plain = (one: typeof pdu) => ({ ...one, json: undefined, content: canonicalJson(one.content) });
        assert.deepEqual(plain(read), plain(pdu));
      }),
      { numRuns: 100 },
    );
  });

  it('refuses fields that are too long, counted in bytes', () => {
    for (const rules of VERSIONS.slice(-2)) {
      build({ rules, type: 'é'.repeat(127), stateKey: 'x'.repeat(255) });
      for (const wrong of [{ type: 'é'.repeat(128) }, { stateKey: 'x'.repeat(256) }]) {
        assert.throws(
          () => build({ rules, ...wrong }),
          (error) => error instanceof MatrixError && error.code === 'M_TOO_LARGE',
        );
      }
    }
  });

  it('refuses an event that would be too large with its signature, to the byte', () => {
    const [rules] = VERSIONS.slice(-1);
    assert.ok(rules !== undefined);
    for (const letter of ['x', 'é']) {
      const sizeOf = (count: number): number => {
        const { json } = build({ rules, content: { body: letter.repeat(count) } });
        const signatures = JSON.stringify({ [tools.serverName]: { [tools.keyId]: 'x'.repeat(86) } });
        return utf8Length(json) + utf8Length(`,"signatures":${signatures}`);
      };
      const empty = sizeOf(0);
      const most = Math.floor((EVENT_BYTES_MAX - empty) / utf8Length(letter));
      assert.ok(sizeOf(most) <= EVENT_BYTES_MAX);
      assert.throws(() => sizeOf(most + 1), MatrixError, letter);
    }
  });

  it('refuses content that has no canonical form', () => {
    for (const rules of VERSIONS) {
      assert.throws(
        () => build({ rules, content: { a: 0.5 } }),
        (error) => error instanceof MatrixError,
      );
    }
  });
});
