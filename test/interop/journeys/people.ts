/** Journeys of what is not kept in rooms: receipts, typing, presence, profiles, media. */
import assert from 'node:assert/strict';
import { png } from '../../client/picture.ts';
import { dig } from '../../harness/answer.ts';
import { v3 } from '../../harness/user.ts';
import type { Journey, World } from './homeserver.ts';
import { pair, sharedRoom } from './shared.ts';

async function receipts(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  for (const [author, reader] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const event = await author.send(room, 'read me');
    await reader.untilEvent(room, event);
    await reader.ok('POST', v3`/rooms/${room}/receipt/m.read/${event}`, {});
    await author.until('a receipt', (view) => (view.room(room)?.receipts.get(reader.id) === event ? true : undefined));
  }
}

async function typing(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  for (const [writer, watcher] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const isTyping = () => watcher.view.room(room)?.typing.includes(writer.id) === true;
    await writer.ok('PUT', v3`/rooms/${room}/typing/${writer.id}`, { typing: true, timeout: 30_000 });
    await watcher.until('typing', () => (isTyping() ? true : undefined));
    await writer.ok('PUT', v3`/rooms/${room}/typing/${writer.id}`, { typing: false });
    await watcher.until('the end of typing', () => (isTyping() ? undefined : true));
  }
}

async function presence(world: World): Promise<void> {
  const { alice, bob } = await sharedRoom(world);
  for (const [one, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const status = `busy ${one.localpart}`;
    await one.ok('PUT', v3`/presence/${one.id}/status`, { presence: 'unavailable', status_msg: status });
    await other.until('presence', (view) => (view.presence.get(one.id)?.['status_msg'] === status ? true : undefined));
  }
}

async function profiles(world: World): Promise<void> {
  const { alice, bob, room } = await sharedRoom(world);
  await bob.ok('PUT', v3`/profile/${bob.id}/displayname`, { displayname: 'Bob the Guest' });
  await alice.until('the new name', (view) => {
    const name = dig(view.state(room, 'm.room.member', bob.id), 'content', 'displayname');
    return name === 'Bob the Guest' ? true : undefined;
  });
  assert.equal((await alice.ok('GET', v3`/profile/${bob.id}`)).get('displayname'), 'Bob the Guest');
  assert.equal((await bob.ok('GET', v3`/profile/${alice.id}/displayname`)).get('displayname'), alice.localpart);
  const nobody = `@nobody-of-that-name:${world.host.name}`;
  assert.equal((await bob.call('GET', v3`/profile/${nobody}`)).status, 404);
}

async function media(world: World): Promise<void> {
  const { alice, bob } = await pair(world);
  const picture = Buffer.from(png(200, 100));
  for (const [owner, reader] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const path = '/_matrix/media/v3/upload?filename=picture.png';
    const uri = (await owner.call('POST', path, new Uint8Array(picture), 'image/png')).expect(200).text('content_uri');
    const place = uri.slice('mxc://'.length).split('/').map(encodeURIComponent).join('/');
    const whole = (await reader.call('GET', `/_matrix/client/v1/media/download/${place}`)).expect(200);
    assert.deepEqual(Buffer.from(whole.bytes), picture);
    assert.equal(whole.headers.get('content-type'), 'image/png');
    const query = 'width=32&height=32&method=scale';
    const small = (await reader.call('GET', `/_matrix/client/v1/media/thumbnail/${place}?${query}`)).expect(200);
    assert.match(small.headers.get('content-type') ?? '', /^image\//);
    assert.ok(small.bytes.length > 0);
  }
  const missing = `/_matrix/client/v1/media/download/${encodeURIComponent(world.host.name)}/nothingthere`;
  assert.equal((await bob.call('GET', missing)).status, 404);
}

export const PEOPLE: readonly Journey[] = [
  { name: 'read receipts', run: receipts },
  { name: 'typing', run: typing },
  { name: 'presence', run: presence },
  { name: 'profiles', run: profiles },
  { name: 'media and thumbnails', run: media },
];
