import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBase64 } from '../../lib/base64.ts';
import { copyObject, type JsonObject } from '../../matrix/json.ts';
import { keyOf, sha256, SPEC_SEED, type TestKey, verifyEd25519 } from '../../../test/fixtures/ed25519.ts';
import { rulesOf, TestRoom, VERSIONS, versions } from '../../../test/fixtures/room-kit.ts';
import type { RoomVersionRules } from '../../matrix/room-versions.ts';
import { hashEvent } from '../hashes/hashes.ts';
import { findPolicyServer, isRecommended } from './policy-server.ts';
import { requiredSigners } from './required-signers.ts';
import { signEvent, signJson, withSignature } from './sign.ts';
import { checkEventSignatures, isJsonSignedBy, planVerification, type ServerKey } from './verify.ts';

const NOW = 1_700_000_000_000;
const DAY = 24 * 60 * 60 * 1000;
const A = keyOf('a.example', 1);
const A2 = keyOf('a.example', 2, 'ed25519:2');
const B = keyOf('b.example', 3);

function message(rules: RoomVersionRules, changes: JsonObject = {}): JsonObject {
  const base = {
    type: 'm.room.message',
    sender: '@a:a.example',
    content: { body: 'x' },
    origin_server_ts: NOW,
    depth: 1,
  };
  return hashEvent(copyObject(base, { event_id: '$e:a.example', ...changes }), rules, sha256).json;
}

type Published = Partial<ServerKey> & { readonly key: TestKey };

function verdict(
  event: JsonObject,
  rules: RoomVersionRules,
  published: readonly Published[] = [{ key: A }, { key: B }],
): boolean {
  const findKey = (server: string, keyId: string): ServerKey | undefined => {
    const found = published.find(({ key }) => key.entity === server && key.keyId === keyId);
    return found && { publicKey: found.key.publicKey, validUntilTs: NOW + DAY, ...found };
  };
  return checkEventSignatures(event, { rules, findKey, nowMs: NOW, verify: verifyEd25519 }).accept;
}

test('the JSON vectors of the specification', () => {
  const signer = keyOf('domain', SPEC_SEED);
  const cases: [JsonObject, string][] = [
    [{}, 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ'],
    [{ one: 1, two: 'Two' }, 'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw'],
  ];
  for (const [object, signature] of cases) {
    const signed = signJson(object, signer);
    assert.deepEqual(JSON.parse(JSON.stringify(signed)), {
      ...object,
      signatures: { domain: { 'ed25519:1': signature } },
    });
    assert.equal(isJsonSignedBy(signed, signer, verifyEd25519), true);
    assert.equal(isJsonSignedBy({ ...signed, three: 3 }, signer, verifyEd25519), false);
    assert.equal(isJsonSignedBy({ ...signed, unsigned: { any: 1 } }, signer, verifyEd25519), true);
    assert.equal(isJsonSignedBy(signed, { ...signer, keyId: 'ed25519:2' }, verifyEd25519), false);
    assert.equal(isJsonSignedBy(object, signer, verifyEd25519), false);
  }
});

test('signatures add up', () => {
  const both = signJson(signJson({ a: 1 }, A), B);
  assert.equal(isJsonSignedBy(both, A, verifyEd25519), true);
  assert.equal(isJsonSignedBy(both, B, verifyEd25519), true);
});

test("adv-001 the sender's server must have signed, with its own key, the event as it is", () => {
  for (const rules of VERSIONS) {
    const event = message(rules);
    assert.equal(verdict(signEvent(event, rules, A), rules), true);
    assert.equal(verdict(event, rules), false, 'absent');
    assert.equal(verdict(signEvent(event, rules, B), rules), false, 'other server');
    assert.equal(verdict(signEvent(event, rules, { ...A2, keyId: A.keyId }), rules), false, 'wrong key');
    assert.equal(verdict({ ...signEvent(event, rules, A), depth: 2 }, rules), false, 'changed');
    for (const text of ['', 'x', encodeBase64(new Uint8Array(64)), encodeBase64(A.sign('x')).slice(2)]) {
      assert.equal(verdict(withSignature(event, 'a.example', 'ed25519:1', text), rules), false, 'malformed');
    }
    const redactable = { ...signEvent(event, rules, A), content: {} };
    assert.equal(verdict(redactable, rules), true, 'a redacted copy is signed as well');
  }
});

test('unknown keys and algorithms are skipped, one good signature is needed, all known ones must be good', () => {
  for (const rules of VERSIONS) {
    const event = signEvent(message(rules), rules, A);
    const other = (keyId: string, text = 'x') => withSignature(event, 'a.example', keyId, text);
    assert.equal(verdict(other('rsa:1'), rules), true, 'unknown algorithm beside a good one');
    assert.equal(
      verdict(withSignature(message(rules), 'a.example', 'rsa:1', 'x'), rules),
      false,
      'unknown algorithm alone',
    );
    assert.equal(verdict(other('ed25519:9'), rules), true, 'unknown key beside a good one');
    assert.equal(verdict(event, rules, [{ key: B }]), false, 'unknown key alone');
    const keys = [{ key: A }, { key: A2 }];
    assert.equal(verdict(signEvent(event, rules, A2), rules, keys), true, 'two good ones');
    assert.equal(verdict(other('ed25519:2', encodeBase64(A.sign('no'))), rules, keys), false, 'a known bad one');
    assert.equal(
      verdict(withSignature(event, 'c.example', 'ed25519:1', 'x'), rules),
      true,
      'servers that are not required',
    );
  }
});

test('which servers must sign', () => {
  const signers = (rules: RoomVersionRules, json: JsonObject) => {
    const found = requiredSigners(
      { type: 'x', event_id: '$e:b.example', sender: '@a:a.example', content: {}, ...json },
      rules,
    );
    return found && [...found].sort();
  };
  const invite = { type: 'm.room.member', content: { membership: 'invite', third_party_invite: {} } };
  const via = { membership: 'join', join_authorised_via_users_server: '@c:c.example' };
  for (const rules of versions(1, 2)) {
    assert.deepEqual(signers(rules, {}), ['a.example', 'b.example']);
    assert.deepEqual(signers(rules, invite), ['b.example']);
    assert.deepEqual(signers(rules, { event_id: '$e' }), undefined);
  }
  for (const rules of versions(3)) {
    assert.deepEqual(signers(rules, {}), ['a.example']);
    assert.deepEqual(signers(rules, invite), []);
    assert.deepEqual(signers(rules, { sender: 'x' }), undefined);
  }
  for (const rules of versions(3, 7))
    assert.deepEqual(signers(rules, { type: 'm.room.member', content: via }), ['a.example']);
  for (const rules of versions(8)) {
    assert.deepEqual(signers(rules, { type: 'm.room.member', content: via }), ['a.example', 'c.example']);
    assert.deepEqual(signers(rules, { type: 'm.room.member', content: { ...via, membership: 'leave' } }), [
      'a.example',
    ]);
    assert.deepEqual(signers(rules, { type: 'x', content: via }), ['a.example']);
    const bad = { ...via, join_authorised_via_users_server: 'c.example' };
    assert.deepEqual(signers(rules, { type: 'm.room.member', content: bad }), undefined);
  }
});

test('versions 1 and 2 check both servers, restricted joins both users', () => {
  const one = rulesOf('1');
  const foreign = message(one, { event_id: '$e:b.example' });
  assert.equal(verdict(signEvent(foreign, one, A), one), false);
  assert.equal(verdict(signEvent(foreign, one, B), one), false);
  assert.equal(verdict(signEvent(signEvent(foreign, one, A), one, B), one), true);
  const ten = rulesOf('10');
  const content = { membership: 'join', join_authorised_via_users_server: '@b:b.example' };
  const join = message(ten, { type: 'm.room.member', state_key: '@a:a.example', content });
  assert.equal(verdict(signEvent(join, ten, A), ten), false);
  assert.equal(verdict(signEvent(signEvent(join, ten, A), ten, B), ten), true);
});

test('keys count for their time', () => {
  for (const rules of VERSIONS) {
    const at = (ts: number, published: Partial<ServerKey>) =>
      verdict(signEvent(message(rules, { origin_server_ts: ts }), rules, A), rules, [{ key: A, ...published }]);
    const enforced = rules.enforcesKeyValidity;
    assert.equal(at(NOW, { validUntilTs: NOW }), true);
    assert.equal(at(NOW, { validUntilTs: NOW - 1 }), !enforced);
    assert.equal(at(NOW + 7 * DAY, { validUntilTs: NOW + 100 * DAY }), true);
    assert.equal(at(NOW + 7 * DAY + 1, { validUntilTs: NOW + 100 * DAY }), !enforced, 'a week ahead at most');
    assert.equal(at(NOW, { validUntilTs: 0, expiredTs: NOW }), true);
    assert.equal(at(NOW, { expiredTs: NOW - 1 }), false, 'retired before the event');
  }
});

test('a plan lists what is to be verified', () => {
  const rules = rulesOf('11');
  const event = signEvent(message(rules), rules, A);
  const key = { publicKey: A.publicKey, validUntilTs: NOW };
  const plan = planVerification(event, { rules, findKey: () => key, nowMs: NOW });
  assert.ok(!('accept' in plan));
  assert.equal(plan.tasks.length, 1);
  const [task] = plan.tasks;
  assert.ok(task && verifyEd25519(task.publicKey, plan.text, task.signature));
});

test('policy servers', () => {
  const room = new TestRoom('12');
  const { rules } = room;
  const policyKey = keyOf('p.example', 8, 'ed25519:policy_server');
  const content = { via: 'p.example', public_keys: { ed25519: encodeBase64(policyKey.publicKey) } };
  const policyEvent = (json: JsonObject) =>
    room.state(room.event({ type: 'm.room.policy', stateKey: '', content: json }));
  const policy = findPolicyServer(policyEvent(content), (server) => server === 'p.example');
  assert.ok(policy);
  assert.equal(
    findPolicyServer(policyEvent(content), () => false),
    undefined,
  );
  for (const bad of [
    {},
    { via: 'p.example' },
    { via: 1, public_keys: {} },
    { ...content, public_keys: { ed25519: 1 } },
  ]) {
    assert.equal(
      findPolicyServer(policyEvent(bad), () => true),
      undefined,
    );
  }
  const event = message(rules);
  const recommended = (json: JsonObject) => isRecommended(json, policy, { rules, verify: verifyEd25519 });
  assert.equal(recommended(signEvent(event, rules, policyKey)), true);
  assert.equal(recommended(event), false, 'missing');
  assert.equal(
    recommended(signEvent(event, rules, { ...B, entity: 'p.example', keyId: 'ed25519:policy_server' })),
    false,
    'bad',
  );
  assert.equal(recommended({ ...event, type: 'm.room.policy', state_key: '' }), true);
  assert.equal(recommended({ ...event, type: 'm.room.policy', state_key: 'x' }), false);
  assert.equal(recommended({ ...event, type: 'm.room.policy' }), false);
  const signedByBoth = signEvent(signEvent(event, rules, policyKey), rules, A);
  assert.equal(verdict(signedByBoth, rules), true, 'the policy key is skipped among the server keys');
});
