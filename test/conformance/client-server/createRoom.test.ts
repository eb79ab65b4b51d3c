import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer, v3 } from '../../harness/index.ts';

const server = useServer();

test('createRoom: makes a room that its creator is in', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom({ name: 'Home', topic: 'Things' });
  const rooms = await alice.ok('GET', v3`/joined_rooms`);
  assert.deepEqual(rooms.texts('joined_rooms'), [room]);
  assert.equal((await alice.ok('GET', v3`/rooms/${room}/state/m.room.name/`)).text('name'), 'Home');
});
