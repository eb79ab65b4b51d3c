/** Rooms that are joined without their members: open at once, and whole in the end. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { v3 } from '../harness/index.ts';
import { useScripted } from './scripted.ts';

const scene = useScripted();

describe('a room that was joined without its members', () => {
  for (const version of ['10', '11', '12']) {
    test(`is open at once and whole in the end, in version ${version}`, async () => {
      const { remote, server } = scene;
      remote.leavesMembersOut = true;
      const creator = remote.user('creator');
      const room = remote.createRoom({ version, creator, name: 'large' });
      const members = Array.from({ length: 60 }, (_, index) => remote.user(`member${index}`));
      for (const member of members) room.join(member);
      const alice = await server.register('alice');
      await alice.ok('POST', `${v3`/join/${room.roomId}`}?via=${remote.name}`, {});
      const sent = await alice.send(room.roomId, 'hello');
      await remote.untilEvent(room, sent);
      const joined = await alice.ok('GET', v3`/rooms/${room.roomId}/joined_members`);
      assert.equal(Object.keys(joined.get('joined') as object).length, 62);
    });
  }
});
