import { test } from 'node:test';
import assert from 'node:assert/strict';
import { answer } from './mock/homeserver.ts';
import { MockState } from './mock/state.ts';
import { memoryHost, TestClient, type Fetch } from './headless.ts';

function setUp() {
  const mock = new MockState();
  const fetch: Fetch = (url, init) => answer(mock, url, init);
  const open = () => new TestClient(memoryHost(fetch, 'http://mock'));
  return { mock, open, fetch };
}

async function pair() {
  const world = setUp();
  const anna = world.open();
  const ben = world.open();
  await anna.register('anna', 'Anna');
  await ben.register('ben', 'Ben');
  await ben.until('security', undefined, (state) => state.backup === 'on' && state.recoveryKeyUnsaved);
  await anna.until('security', undefined, (state) => state.backup === 'on' && state.recoveryKeyUnsaved);
  const roomId = await anna.commands.createDirect('@ben:mock.test');
  await ben.until('rooms', undefined, (rooms) => rooms.some((room) => room.membership === 'invite'));
  await ben.commands.joinRoom(roomId);
  await anna.until('room', roomId, (room) => room.members.filter((m) => m.membership === 'join').length === 2);
  return { ...world, anna, ben, roomId, stop: () => Promise.all([anna.engine.stop(), ben.engine.stop()]) };
}

const plain = (roomId: string, text: string) => ({ roomId, text, mentions: [] });

test('two people talk end to end encrypted; the server sees no word', { timeout: 60_000 }, async () => {
  const { mock, anna, ben, roomId, stop } = await pair();
  await anna.commands.sendText(plain(roomId, 'the cake is in the oven'));
  await ben.texts(roomId, (texts) => texts.includes('the cake is in the oven'));
  await ben.commands.sendText(plain(roomId, 'on my way'));
  await anna.texts(roomId, (texts) => texts.at(-1) === 'on my way');
  const seen = JSON.stringify([...mock.rooms.values()].flatMap((room) => room.events));
  assert.ok(!seen.includes('cake') && seen.includes('m.room.encrypted'));
  const [room] = await anna.until('rooms', undefined, (rooms) => rooms[0]?.lastEvent?.preview.text === 'on my way');
  assert.deepEqual(room?.heroNames, ['Ben']);
  assert.equal(room?.isDirect, true);
  await stop();
});

test('replies, edits, reactions and taking back', { timeout: 60_000 }, async () => {
  const { anna, ben, roomId, stop } = await pair();
  await anna.commands.sendText(plain(roomId, 'first'));
  const window = await ben.until('timeline', roomId, ({ items }) => items.some((item) => item.body.kind === 'text'));
  const first = window.items.find((item) => item.body.kind === 'text')?.eventId ?? '';
  await ben.commands.sendText({ ...plain(roomId, 'answer'), replyTo: first });
  await ben.commands.react(roomId, first, '🎉');
  const shown = await anna.until(
    'timeline',
    roomId,
    ({ items }) => items.at(-1)?.replyTo?.preview !== undefined && items.some((i) => i.reactions.length > 0),
  );
  assert.equal(shown.items.at(-1)?.replyTo?.preview?.text, 'first');
  await anna.commands.sendText({ ...plain(roomId, 'first, corrected'), edits: first });
  await ben.texts(roomId, (texts) => texts.includes('first, corrected') && !texts.includes('first'));
  await anna.commands.redact(roomId, first);
  await ben.until('timeline', roomId, ({ items }) =>
    items.some((item) => item.eventId === first && item.body.kind === 'redacted'),
  );
  await stop();
});

test('a picture goes encrypted and comes back as it was', { timeout: 60_000 }, async () => {
  const { mock, anna, ben, roomId, stop } = await pair();
  const bytes = new Uint8Array(5000).map((_, at) => at % 251);
  await anna.commands.sendFile({
    roomId,
    kind: 'image',
    name: 'cake.png',
    mimeType: 'image/png',
    bytes,
    width: 40,
    height: 30,
  });
  const { items } = await ben.until('timeline', roomId, (window) =>
    window.items.some((item) => item.body.kind === 'image'),
  );
  const body = items.find((item) => item.body.kind === 'image')?.body;
  assert.ok(body?.kind === 'image');
  assert.equal(body.media.width, 40);
  assert.deepEqual(await ben.commands.readMedia(body.media.source), bytes);
  assert.notDeepEqual([...mock.media.values()][0]?.bytes, bytes);
  await stop();
});

test('a new device reads the history with the recovery key', { timeout: 60_000 }, async () => {
  const { open, anna, ben, roomId, stop } = await pair();
  await anna.commands.sendText(plain(roomId, 'remember this'));
  await ben.texts(roomId, (texts) => texts.includes('remember this'));
  const key = await ben.commands.showRecoveryKey();
  const phone = open();
  await phone.commands.signIn({ user: 'ben', password: 'ben password', deviceName: 'phone' });
  const before = await phone.until('timeline', roomId, ({ items }) =>
    items.some((item) => item.body.kind === 'unreadable'),
  );
  assert.ok(!JSON.stringify(before).includes('remember'));
  await phone.until('security', undefined, (state) => state.ready && state.crossSigningExists);
  assert.equal(await phone.commands.unlock('EsTj wrong'), false);
  assert.equal(await phone.commands.unlock(key ?? ''), true);
  await phone.texts(roomId, (texts) => texts.includes('remember this'));
  const state = await phone.until('security', undefined, (one) => one.deviceVerified);
  assert.equal(state.backup, 'on');
  await phone.engine.stop();
  await stop();
});

test('two devices of one person verify each other by emoji, and secrets follow', { timeout: 60_000 }, async () => {
  const { open, ben, stop } = await pair();
  const phone = open();
  await phone.commands.signIn({ user: 'ben', password: 'ben password', deviceName: 'phone' });
  await phone.until('security', undefined, (state) => state.ready && state.crossSigningExists);
  await phone.commands.startVerification({ userId: '@ben:mock.test' });
  const request = await ben.until('verification', undefined, (one) => one?.phase === 'requested');
  await ben.commands.acceptVerification('@ben:mock.test', request?.flowId ?? '');
  const left = await ben.until('verification', undefined, (one) => one?.phase === 'compare');
  const right = await phone.until('verification', undefined, (one) => one?.phase === 'compare');
  assert.equal(left?.emojis.length, 7);
  assert.deepEqual(left?.emojis, right?.emojis);
  await ben.commands.confirmVerification('@ben:mock.test', left?.flowId ?? '');
  await phone.commands.confirmVerification('@ben:mock.test', right?.flowId ?? '');
  await phone.until('security', undefined, (state) => state.deviceVerified && state.backup === 'on');
  await phone.engine.stop();
  await stop();
});

test('two people verify each other by emoji in their room', { timeout: 60_000 }, async () => {
  const { anna, ben, stop } = await pair();
  await anna.commands.startVerification({ userId: '@ben:mock.test' });
  const request = await ben.until('verification', undefined, (one) => one?.phase === 'requested');
  await ben.commands.acceptVerification('@anna:mock.test', request?.flowId ?? '');
  const left = await anna.until('verification', undefined, (one) => one?.phase === 'compare');
  const right = await ben.until('verification', undefined, (one) => one?.phase === 'compare');
  assert.deepEqual(left?.emojis, right?.emojis);
  await anna.commands.confirmVerification('@ben:mock.test', left?.flowId ?? '');
  await ben.commands.confirmVerification('@anna:mock.test', right?.flowId ?? '');
  await anna.until('verification', undefined, (one) => one?.phase === 'done');
  while (!(await anna.commands.isUserVerified('@ben:mock.test'))) await anna.until('connection', undefined, () => true);
  await stop();
});

test('what was written without network goes out, once and in order, when it is back', { timeout: 60_000 }, async () => {
  const mock = new MockState();
  let offline = false;
  const fetch: Fetch = (url, init) => (offline ? Promise.reject(new TypeError('offline')) : answer(mock, url, init));
  const anna = new TestClient(memoryHost(fetch, 'http://mock'));
  await anna.register('anna', 'Anna');
  await anna.until('connection', undefined, (state) => state.cryptoReady);
  const roomId = await anna.commands.createGroup({ name: 'Notes', userIds: [] });
  await anna.until('timeline', roomId, ({ items }) => items.length > 0);
  offline = true;
  const wanted = Array.from({ length: 5 }, (_, at) => `note ${at}`);
  for (const text of wanted) await anna.commands.sendText(plain(roomId, text));
  assert.deepEqual(await anna.texts(roomId, (texts) => texts.length === 5), wanted);
  offline = false;
  await anna.commands.wake();
  await anna.until('connection', undefined, (state) => state.waitingCount === 0);
  const sent = [...mock.rooms.values()][0]?.events.filter((event) => event.type === 'm.room.encrypted');
  assert.equal(sent?.length, 5);
  assert.deepEqual(await anna.texts(roomId, (texts) => texts.length === 5), wanted);
  await anna.engine.stop();
});
