import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyObject, type JsonObject } from '../../matrix/json.ts';
import { parsePduJson } from '../../matrix/json-parse.ts';
import { keyOf, sha256, SPEC_SEED } from '../../../test/fixtures/ed25519.ts';
import { rulesOf, VERSIONS, versions } from '../../../test/fixtures/room-kit.ts';
import { signEvent } from '../signatures/sign.ts';
import { contentHash, eventIdOf, hashEvent, hasValidContentHash, referenceHash } from './hashes.ts';

const MINIMAL: JsonObject = {
  room_id: '!x:domain',
  sender: '@a:domain',
  origin: 'domain',
  origin_server_ts: 1_000_000,
  signatures: {},
  hashes: {},
  type: 'X',
  content: {},
  prev_events: [],
  auth_events: [],
  depth: 3,
  unsigned: { age_ts: 1_000_000 },
};
const MESSAGE: JsonObject = {
  content: { body: 'Here is the message content' },
  event_id: '$0:domain',
  origin: 'domain',
  origin_server_ts: 1_000_000,
  type: 'm.room.message',
  room_id: '!r:domain',
  sender: '@u:domain',
  signatures: {},
  unsigned: { age_ts: 1_000_000 },
};

test('the event vectors of the specification', () => {
  const signer = keyOf('domain', SPEC_SEED);
  const cases: [JsonObject, string, string][] = [
    [
      MINIMAL,
      '5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos',
      'KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg',
    ],
    [
      MESSAGE,
      'onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g',
      'Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA',
    ],
  ];
  for (const [event, hash, signature] of cases) {
    const rules = rulesOf('1');
    const { json } = hashEvent(event, rules, sha256);
    assert.deepEqual(json['hashes'], Object.assign(emptyObject(), { sha256: hash }));
    const signed = JSON.parse(JSON.stringify(signEvent(json, rules, signer))) as JsonObject;
    assert.deepEqual(signed['signatures'], { domain: { 'ed25519:1': signature } });
    assert.deepEqual(signed['unsigned'], { age_ts: 1_000_000 });
  }
});

test('event ids: assigned, base64, URL-safe base64', () => {
  for (const rules of VERSIONS) {
    const { json, eventId, signedText } = hashEvent(MESSAGE, rules, sha256);
    assert.equal(eventId, eventIdOf(json, rules, sha256));
    const hash = Buffer.from(referenceHash(json, rules, sha256));
    assert.deepEqual(hash, Buffer.from(sha256(signedText)));
    if (rules.eventIds === 'assigned') assert.equal(eventId, '$0:domain');
    else if (rules.version === '3') assert.equal(eventId, `$${hash.toString('base64').replace('=', '')}`);
    else assert.equal(eventId, `$${hash.toString('base64url')}`);
  }
});

test('the event id ignores unsigned, signatures and what redaction strips; the content hash does not', () => {
  for (const rules of versions(3)) {
    const { json, eventId } = hashEvent(MESSAGE, rules, sha256);
    const same = [{ unsigned: { age: 5 } }, { signatures: { x: { 'ed25519:1': 'y' } } }, { extra: 1 }];
    for (const change of same) assert.equal(eventIdOf({ ...json, ...change }, rules, sha256), eventId);
    const edited = { ...json, content: { body: 'other' } };
    assert.equal(eventIdOf(edited, rules, sha256), eventId);
    assert.equal(hasValidContentHash(json, rules, sha256), true);
    assert.equal(hasValidContentHash(edited, rules, sha256), false);
    assert.equal(hasValidContentHash({ ...json, unsigned: { age: 5 } }, rules, sha256), true);
    assert.equal(hasValidContentHash({ ...json, extra: 1 }, rules, sha256), false);
    assert.notEqual(eventIdOf({ ...json, depth: 4 }, rules, sha256), eventId);
  }
});

test('a missing or malformed content hash is not valid', () => {
  const rules = rulesOf('11');
  const hash = contentHash(MINIMAL, rules, sha256);
  for (const hashes of [{}, { sha256: 1 }, { sha256: '' }, { sha256: '*' }, { sha256: hash.slice(1) }, []]) {
    assert.equal(hasValidContentHash({ ...MINIMAL, hashes } as JsonObject, rules, sha256), false);
  }
  assert.equal(hasValidContentHash({ ...MINIMAL, hashes: { sha256: `${hash}=` } }, rules, sha256), true);
});

test('versions 1 to 5 hash odd numbers as they were written', () => {
  const event = (text: string) => parsePduJson(`{"type":"x","content":{"n":${text}}}`).value as JsonObject;
  for (const rules of versions(1, 5)) {
    const direct = Buffer.from(sha256('{"content":{"n":1.0},"type":"x"}')).toString('base64').replace('=', '');
    assert.equal(contentHash(event('1.0'), rules, sha256), direct);
    assert.notEqual(contentHash(event('1'), rules, sha256), direct);
  }
  for (const rules of versions(6)) assert.throws(() => contentHash(event('1.0'), rules, sha256));
});
