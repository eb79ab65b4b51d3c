import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../matrix/json.ts';
import { type HistoryVisibility, isVisible, isVisibleToServer, parseHistoryVisibility } from './visibility.ts';

const SETTINGS: readonly HistoryVisibility[] = ['world_readable', 'shared', 'invited', 'joined'];
const MEMBERSHIPS = [undefined, 'join', 'invite', 'knock', 'leave', 'ban'] as const;
const USER = '@u:x.example';
const MESSAGE = { type: 'm.room.message', stateKey: undefined, content: {} };

const sees = (
  visibility: HistoryVisibility,
  membership: string | undefined,
  joinedLater = false,
  event = MESSAGE as {
    type: string;
    stateKey: string | undefined;
    content: JsonObject;
  },
) => isVisible({ event, visibility, membership, joinedLater, userId: USER });

test('adv-056 four settings by membership at the event', () => {
  for (const visibility of SETTINGS) {
    for (const membership of MEMBERSHIPS) {
      const never = sees(visibility, membership, false);
      const later = sees(visibility, membership, true);
      const always = visibility === 'world_readable' || membership === 'join';
      const invited = visibility === 'invited' && membership === 'invite';
      assert.equal(never, always || invited, `${visibility} ${membership} never joins`);
      assert.equal(later, always || invited || visibility === 'shared', `${visibility} ${membership} joins later`);
    }
  }
});

test('a change of the visibility is seen by whoever may see before or after', () => {
  for (const before of SETTINGS) {
    for (const after of SETTINGS) {
      const event = { type: 'm.room.history_visibility', stateKey: '', content: { history_visibility: after } };
      for (const membership of MEMBERSHIPS) {
        for (const joinedLater of [false, true]) {
          const expected = sees(before, membership, joinedLater) || sees(after, membership, joinedLater);
          assert.equal(sees(before, membership, joinedLater, event), expected);
          const elsewhere = { ...event, stateKey: 'x' };
          assert.equal(sees(before, membership, joinedLater, elsewhere), sees(before, membership, joinedLater));
        }
      }
    }
  }
});

test("one's own member event is seen by the membership before or after", () => {
  const change = (after: string, stateKey = USER) => ({
    type: 'm.room.member',
    stateKey,
    content: { membership: after },
  });
  assert.equal(sees('joined', 'invite', false, change('join')), true);
  assert.equal(sees('joined', 'join', false, change('leave')), true);
  assert.equal(sees('joined', undefined, false, change('invite')), false);
  assert.equal(sees('invited', undefined, false, change('invite')), true);
  assert.equal(sees('joined', 'leave', false, change('join', '@other:x.example')), false);
});

test('unknown settings count as shared', () => {
  for (const value of ['world-readable', '', undefined, null, 1, {}, 'default', '__proto__']) {
    assert.equal(parseHistoryVisibility(value), 'shared');
  }
});

test('adv-056 servers see what one of their users sees', () => {
  const server = (visibility: HistoryVisibility, memberships: string[], isInRoom: boolean) =>
    isVisibleToServer({ event: MESSAGE, visibility, memberships, isInRoom, isOwnMember: false });
  for (const isInRoom of [false, true]) {
    assert.equal(server('world_readable', [], isInRoom), true);
    assert.equal(server('shared', [], isInRoom), isInRoom);
    assert.equal(server('invited', ['leave', 'invite'], isInRoom), true);
    assert.equal(server('invited', ['leave'], isInRoom), false);
    assert.equal(server('joined', ['invite'], isInRoom), false);
    assert.equal(server('joined', ['leave', 'join'], isInRoom), true);
  }
  const event = { type: 'm.room.member', stateKey: USER, content: { membership: 'join' } };
  const own = { event, visibility: 'joined' as const, memberships: [], isInRoom: false };
  assert.equal(isVisibleToServer({ ...own, isOwnMember: true }), true);
  assert.equal(isVisibleToServer({ ...own, isOwnMember: false }), false);
});
