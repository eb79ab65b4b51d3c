import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_ROOM_VERSION, findRoomVersion, ROOM_VERSIONS, type RoomVersionRules } from './room-versions.ts';

/** From which version on a rule is switched on, or up to which it was. */
const SINCE: [keyof RoomVersionRules, number][] = [
  ['enforcesKeyValidity', 5],
  ['strictCanonicalJson', 6],
  ['judgesNotificationLevels', 6],
  ['allowsKnocking', 7],
  ['allowsRestrictedJoins', 8],
  ['allowsKnockRestricted', 10],
  ['redactsInContent', 11],
  ['roomIdIsCreateHash', 12],
  ['creatorsHaveInfinitePower', 12],
];
const UNTIL: [keyof RoomVersionRules, number][] = [
  ['signedByEventIdServer', 2],
  ['authorisesRedactions', 2],
  ['authorisesAliases', 5],
];

test('the feature matrix of the room versions', () => {
  assert.deepEqual(
    [...ROOM_VERSIONS.keys()],
    Array.from({ length: 12 }, (_, index) => String(index + 1)),
  );
  for (const rules of ROOM_VERSIONS.values()) {
    const version = Number(rules.version);
    for (const [rule, since] of SINCE) assert.equal(rules[rule], version >= since, `${rule} ${version}`);
    for (const [rule, until] of UNTIL) assert.equal(rules[rule], version <= until, `${rule} ${version}`);
    assert.equal(rules.stateResolution, version === 1 ? 'v1' : version === 12 ? 'v2.1' : 'v2');
    assert.equal(rules.eventReferences, version <= 2 ? 'pairs' : 'ids');
    assert.equal(rules.eventIds, version <= 2 ? 'assigned' : version === 3 ? 'base64' : 'base64url');
    assert.equal(rules.powerLevelForm, version <= 5 ? 'floats' : version <= 9 ? 'strings' : 'integers');
    assert.equal(rules.creator, version <= 10 ? 'content' : version === 11 ? 'sender' : 'sender and additional');
  }
});

test('adv-141 adv-045 a version that is not known has no rules', () => {
  for (const name of ['0', '13', '', '1.0', '__proto__', 'constructor', 'org.matrix.msc3931']) {
    assert.equal(findRoomVersion(name), undefined);
  }
  assert.equal(findRoomVersion(DEFAULT_ROOM_VERSION)?.version, '12');
});
