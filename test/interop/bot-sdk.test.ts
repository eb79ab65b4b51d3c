/** @vector-im/matrix-bot-sdk: a bot that accepts its invitation, reads and answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AutojoinRoomsMixin,
  LogLevel,
  LogService,
  MatrixClient,
  MemoryStorageProvider,
} from '@vector-im/matrix-bot-sdk';
import { type Dict, dig, useServer } from '../harness/index.ts';

const server = useServer();
LogService.setLevel(LogLevel.ERROR);
LogService.muteModule('Metrics');

test('matrix-bot-sdk: joins when invited, receives, replies', { timeout: 30_000 }, async () => {
  const [alice, robot] = await server.users('alice', 'robot');
  const bot = new MatrixClient(server.baseUrl, robot.token, new MemoryStorageProvider());
  AutojoinRoomsMixin.setupOnClient(bot);
  bot.on('room.message', (room: string, event: Dict) => {
    if (event['sender'] === robot.id || dig(event, 'content', 'body') !== '!ping') return;
    void bot.replyNotice(room, event, 'pong');
  });
  await bot.start();
  try {
    const room = await alice.createRoom({ name: 'Machine room' });
    await alice.invite(room, robot);
    let since = (await alice.sync()).text('next_batch');
    const until = async (fits: (event: Dict) => boolean): Promise<Dict> => {
      for (let polls = 0; polls < 20; polls += 1) {
        const sync = await alice.sync({ since, timeout: '5000' });
        since = sync.text('next_batch');
        const events = (sync.get('rooms', 'join', room, 'timeline', 'events') ?? []) as Dict[];
        const found = events.find(fits);
        if (found !== undefined) return found;
      }
      throw new Error('nothing came');
    };
    const members = await alice.ok('GET', `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/joined_members`);
    if (dig(members.object('joined'), robot.id) === undefined) {
      await until((event) => event['state_key'] === robot.id && dig(event, 'content', 'membership') === 'join');
    }
    const question = await alice.send(room, '!ping');
    const answer = await until((event) => String(dig(event, 'content', 'body')).includes('pong'));
    assert.equal(answer['sender'], robot.id);
    assert.equal(dig(answer, 'content', 'm.relates_to', 'm.in_reply_to', 'event_id'), question);
    assert.deepEqual(await bot.getJoinedRooms(), [room]);
    const profile = (await bot.getUserProfile(alice.id)) as { displayname?: string };
    assert.equal(profile.displayname, alice.id.slice(1).split(':')[0]);
    const uri = await bot.uploadContent(Buffer.from('bytes'), 'text/plain', 'b.txt');
    assert.match(uri, /^mxc:\/\//);
  } finally {
    bot.stop();
  }
});
