import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import type { TimelineWindow } from '../../src/client/timeline/room-timeline.ts';
import { startRealServer } from './real-server.ts';
import { memoryHost, nextTurn, TestClient, type Fetch } from './headless.ts';

const server = await startRealServer();
after(() => server.close());

let people = 0;

/** Clients of our server; everything they send is kept, to look for words that must not be there. */
function setUp() {
  const sent: string[] = [];
  const asked: { readonly path: string; readonly token: string }[] = [];
  const state = { isOffline: false, withoutSliding: false, forgetsPosition: false };
  /** What a test does with an exchange of its own choice. */
  let around: (init: RequestInit, next: () => Promise<Response>) => Promise<Response> = (_init, next) => next();
  const tapped: Fetch = (url, init) => around(init, () => pass(url, init));
  const pass: Fetch = async (url, init) => {
    const isSliding = url.includes('simplified_msc3575');
    if (isSliding && state.withoutSliding) return Response.json({ errcode: 'M_UNRECOGNIZED' }, { status: 404 });
    if (isSliding && state.forgetsPosition && typeof init.body === 'string' && init.body.includes('"pos"')) {
      state.forgetsPosition = false;
      return Response.json({ errcode: 'M_UNKNOWN_POS' }, { status: 400 });
    }
    if (state.isOffline) return Promise.reject(new TypeError('offline'));
    const path = /_matrix\/client\/v3\/([^?]*)/.exec(url)?.[1];
    if (path !== undefined) asked.push({ path, token: new Headers(init.headers).get('authorization') ?? '' });
    sent.push(init.body instanceof Uint8Array ? Buffer.from(init.body).toString('latin1') : JSON.stringify(init.body));
    return fetch(url, init);
  };
  const open = () => new TestClient(memoryHost(tapped, server.url));
  return { open, sent, asked, state, setAround: (next: typeof around) => void (around = next) };
}

async function pair() {
  const world = setUp();
  people += 1;
  const names = { anna: `anna${people}`, ben: `ben${people}` };
  const ids = { anna: `@${names.anna}:localhost`, ben: `@${names.ben}:localhost` };
  const anna = world.open();
  const ben = world.open();
  await anna.register(names.anna, 'Anna');
  await ben.register(names.ben, 'Ben');
  await ben.until('security', undefined, (state) => state.backup === 'on' && state.recoveryKeyUnsaved);
  await anna.until('security', undefined, (state) => state.backup === 'on' && state.recoveryKeyUnsaved);
  const roomId = await anna.commands.createDirect(ids.ben);
  await ben.until('rooms', undefined, (rooms) => rooms.some((room) => room.membership === 'invite'));
  await ben.commands.joinRoom(roomId);
  await anna.until('room', roomId, (room) => room.members.filter((m) => m.membership === 'join').length === 2);
  const stop = () => Promise.all([anna.engine.stop(), ben.engine.stop()]);
  return { ...world, anna, ben, roomId, names, ids, stop };
}

const plain = (roomId: string, text: string) => ({ roomId, text, mentions: [] });

test('two people talk end to end encrypted; the server sees no word', {
  timeout: 20_000,
}, async () => {
  const { sent, anna, ben, roomId, stop } = await pair();
  await anna.commands.sendText(plain(roomId, 'the cake is in the oven'));
  await ben.texts(roomId, (texts) => texts.includes('the cake is in the oven'));
  await ben.commands.sendText(plain(roomId, 'on my way'));
  await anna.texts(roomId, (texts) => texts.at(-1) === 'on my way');
  assert.ok(!sent.join().includes('cake') && sent.join().includes('ciphertext'));
  const [room] = await anna.until('rooms', undefined, (rooms) => rooms[0]?.lastEvent?.preview.text === 'on my way');
  assert.deepEqual(room?.heroNames, ['Ben']);
  assert.equal(room?.isDirect, true);
  await stop();
});

test('replies, edits, reactions and taking back', { timeout: 20_000 }, async () => {
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

test('a picture goes encrypted and comes back as it was', { timeout: 20_000 }, async () => {
  const { sent, anna, ben, roomId, stop } = await pair();
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
  assert.ok(!sent.join().includes(Buffer.from(bytes).toString('latin1')));
  await stop();
});

test('a new device reads the history with the recovery key', { timeout: 20_000 }, async () => {
  const { open, anna, ben, roomId, names, stop } = await pair();
  await anna.commands.sendText(plain(roomId, 'remember this'));
  await ben.texts(roomId, (texts) => texts.includes('remember this'));
  const key = await ben.commands.showRecoveryKey();
  const phone = open();
  await phone.commands.signIn({ user: names.ben, password: `${names.ben} password`, deviceName: 'phone' });
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

test('two devices of one person verify each other by emoji, and secrets follow', {
  timeout: 20_000,
}, async () => {
  const { open, ben, ids, names, stop } = await pair();
  const phone = open();
  await phone.commands.signIn({ user: names.ben, password: `${names.ben} password`, deviceName: 'phone' });
  await phone.until('security', undefined, (state) => state.ready && state.crossSigningExists);
  await phone.commands.startVerification({ userId: ids.ben });
  const request = await ben.until('verification', undefined, (one) => one?.phase === 'requested');
  await ben.commands.acceptVerification(ids.ben, request?.flowId ?? '');
  const left = await ben.until('verification', undefined, (one) => one?.phase === 'compare');
  const right = await phone.until('verification', undefined, (one) => one?.phase === 'compare');
  assert.equal(left?.emojis.length, 7);
  assert.deepEqual(left?.emojis, right?.emojis);
  await ben.commands.confirmVerification(ids.ben, left?.flowId ?? '');
  await phone.commands.confirmVerification(ids.ben, right?.flowId ?? '');
  await phone.until('security', undefined, (state) => state.deviceVerified && state.backup === 'on');
  await phone.engine.stop();
  await stop();
});

test('two people verify each other by emoji in their room', { timeout: 20_000 }, async () => {
  const { open, asked, anna, ben, ids, names, roomId, stop } = await pair();
  await anna.commands.startVerification({ userId: ids.ben });
  const request = await ben.until('verification', undefined, (one) => one?.phase === 'requested');
  await ben.commands.acceptVerification(ids.anna, request?.flowId ?? '');
  const left = await anna.until('verification', undefined, (one) => one?.phase === 'compare');
  const right = await ben.until('verification', undefined, (one) => one?.phase === 'compare');
  assert.deepEqual(left?.emojis, right?.emojis);
  await anna.commands.confirmVerification(ids.ben, left?.flowId ?? '');
  await ben.commands.confirmVerification(ids.anna, right?.flowId ?? '');
  await anna.until('verification', undefined, (one) => one?.phase === 'done');
  while (!(await anna.commands.isUserVerified(ids.ben))) await nextTurn();
  while (!(await ben.commands.isUserVerified(ids.anna))) await nextTurn();
  // A signature counts once it has come back: each is asked for after it was sent, never only before.
  for (const token of new Set(asked.map((one) => one.token).filter((one) => one !== ''))) {
    const calls = asked.filter((one) => one.token === token).map((one) => one.path);
    assert.ok(calls.lastIndexOf('keys/query') > calls.lastIndexOf('keys/signatures/upload'), calls.join());
  }
  // A device that Ben has not signed gets nothing from somebody who has verified him; the others do.
  const phone = open();
  await phone.commands.signIn({ user: names.ben, password: `${names.ben} password`, deviceName: 'phone' });
  await phone.until('security', undefined, (state) => state.ready && state.crossSigningExists);
  await anna.commands.sendText(plain(roomId, 'for verified eyes'));
  await ben.texts(roomId, (texts) => texts.includes('for verified eyes'));
  const cause = (items: TimelineWindow['items']) => items.map(({ body }) => body.kind === 'unreadable' && body.cause);
  await phone.until('timeline', roomId, ({ items }) => cause(items).includes('withheld'));
  await phone.commands.unlock((await ben.commands.showRecoveryKey()) ?? '');
  await phone.until('security', undefined, (state) => state.deviceVerified);
  await anna.commands.sendText(plain(roomId, 'welcome back'));
  await phone.texts(roomId, (texts) => texts.includes('welcome back'));
  await phone.engine.stop();
  await stop();
});

test('a verification goes on where the other side was faster than the answer to our own request', {
  timeout: 20_000,
}, async () => {
  const { anna, ben, ids, setAround, stop } = await pair();
  let token: string | null = null;
  let hasReady = false;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  setAround(async (init, next) => {
    const from = new Headers(init.headers).get('authorization');
    // The one who asks goes on after a sync with the other's word: that it has been worked through.
    if (hasReady && from === token) release();
    const answer = await next();
    if (typeof init.body === 'string' && init.body.includes('m.key.verification.request')) {
      token = from;
      await released;
    } else if (from === token && (await answer.clone().text()).includes('m.key.verification.ready')) hasReady = true;
    return answer;
  });
  const started = anna.commands.startVerification({ userId: ids.ben });
  const request = await ben.until('verification', undefined, (one) => one?.phase === 'requested');
  await ben.commands.acceptVerification(ids.anna, request?.flowId ?? '');
  assert.equal(await started, request?.flowId);
  assert.ok(hasReady, 'the other side was faster');
  const left = await anna.until('verification', undefined, (one) => one?.phase === 'compare');
  const right = await ben.until('verification', undefined, (one) => one?.phase === 'compare');
  assert.deepEqual(left?.emojis, right?.emojis);
  await stop();
});

test('a verified person with a new identity gets nothing until the user says so', { timeout: 20_000 }, async () => {
  const { anna, ben, ids, names, roomId, stop } = await pair();
  await anna.commands.startVerification({ userId: ids.ben });
  const request = await ben.until('verification', undefined, (one) => one?.phase === 'requested');
  await ben.commands.acceptVerification(ids.anna, request?.flowId ?? '');
  const flow = await anna.until('verification', undefined, (one) => one?.phase === 'compare');
  await ben.until('verification', undefined, (one) => one?.phase === 'compare');
  await anna.commands.confirmVerification(ids.ben, flow?.flowId ?? '');
  await ben.commands.confirmVerification(ids.anna, flow?.flowId ?? '');
  while (!(await anna.commands.isUserVerified(ids.ben))) await nextTurn();
  await ben.commands.resetRecovery(`${names.ben} password`);
  await anna.until('room', roomId, (room) => room.changedUserIds.join() === ids.ben);
  await anna.commands.sendText(plain(roomId, 'is it still you?'));
  await ben.commands.sendText(plain(roomId, 'hello?'));
  await anna.texts(roomId, (texts) => texts.includes('hello?'));
  await anna.commands.wake();
  await ben.commands.sendText(plain(roomId, 'why so quiet?'));
  await anna.texts(roomId, (texts) => texts.includes('why so quiet?'));
  await anna.until('connection', undefined, (one) => one.waitingCount === 1);
  await anna.commands.acceptIdentity(ids.ben);
  await ben.texts(roomId, (texts) => texts.includes('is it still you?'));
  await anna.until('room', roomId, (room) => room.changedUserIds.length === 0);
  assert.equal(await anna.commands.isUserVerified(ids.ben), false);
  await stop();
});

test('what was written without network goes out, once and in order, when it is back', {
  timeout: 20_000,
}, async () => {
  const { open, state } = setUp();
  people += 1;
  const anna = open();
  await anna.register(`anna${people}`, 'Anna');
  await anna.until('connection', undefined, (one) => one.cryptoReady);
  const roomId = await anna.commands.createGroup({ name: 'Notes', userIds: [] });
  await anna.until('timeline', roomId, ({ items }) => items.length > 0);
  state.isOffline = true;
  const wanted = Array.from({ length: 5 }, (_, at) => `note ${at}`);
  for (const text of wanted) await anna.commands.sendText(plain(roomId, text));
  assert.deepEqual(await anna.texts(roomId, (texts) => texts.length === 5), wanted);
  state.isOffline = false;
  await anna.commands.wake();
  await anna.until('connection', undefined, (one) => one.waitingCount === 0);
  assert.deepEqual(await anna.texts(roomId, (texts) => texts.length === 5), wanted);
  await anna.engine.stop();
  const other = open();
  const password = `anna${people} password`;
  await other.commands.signIn({ user: `anna${people}`, password, deviceName: 'other' });
  const isMessage = (kind: string) => kind === 'unreadable' || kind === 'text';
  await other.until('timeline', roomId, ({ items }) => items.filter(({ body }) => isMessage(body.kind)).length === 5);
  await other.engine.stop();
});

test('a server without sliding sync is talked to by /sync', { timeout: 20_000 }, async () => {
  const world = setUp();
  world.state.withoutSliding = true;
  people += 1;
  const [anna, ben] = [world.open(), world.open()];
  await anna.register(`anna${people}`, 'Anna');
  await ben.register(`ben${people}`, 'Ben');
  await ben.until('security', undefined, (one) => one.backup === 'on');
  const roomId = await anna.commands.createDirect(`@ben${people}:localhost`);
  await ben.until('rooms', undefined, (rooms) => rooms.some((room) => room.membership === 'invite' && room.isDirect));
  await ben.commands.joinRoom(roomId);
  await anna.until('room', roomId, (room) => room.members.filter((m) => m.membership === 'join').length === 2);
  await anna.commands.sendText(plain(roomId, 'by the old road'));
  await ben.texts(roomId, (texts) => texts.includes('by the old road'));
  const [room] = await ben.until('rooms', undefined, (rooms) => rooms[0]?.unreadCount === 1);
  assert.equal(room?.isEncrypted, true);
  await ben.commands.markRead(roomId);
  await anna.until('timeline', roomId, ({ items }) => items.some((item) => item.readBy.length > 0));
  await Promise.all([anna.engine.stop(), ben.engine.stop()]);
});

test('a connection that the server has forgotten begins anew and loses nothing', { timeout: 20_000 }, async () => {
  const { state, anna, ben, roomId, stop } = await pair();
  await anna.commands.sendText(plain(roomId, 'before'));
  await ben.texts(roomId, (texts) => texts.includes('before'));
  state.forgetsPosition = true;
  await anna.commands.sendText(plain(roomId, 'after'));
  const texts = await ben.texts(roomId, (all) => all.includes('after'));
  assert.deepEqual(texts, ['before', 'after']);
  assert.equal(state.forgetsPosition, false);
  await stop();
});

test('without key and without other devices one starts fresh, and talks on', { timeout: 20_000 }, async () => {
  const { open, anna, ben, roomId, names, stop } = await pair();
  await anna.commands.sendText(plain(roomId, 'lost to the new device'));
  await ben.texts(roomId, (texts) => texts.length === 1);
  const password = `${names.ben} password`;
  const phone = open();
  await phone.commands.signIn({ user: names.ben, password, deviceName: 'phone' });
  await phone.until('security', undefined, (state) => state.ready && state.crossSigningExists);
  await assert.rejects(phone.commands.resetRecovery('not the password'));
  await phone.commands.resetRecovery(password);
  await phone.until(
    'security',
    undefined,
    (one) => one.deviceVerified && one.backup === 'on' && one.recoveryKeyUnsaved,
  );
  await anna.commands.sendText(plain(roomId, 'seen by the new device'));
  await phone.texts(roomId, (texts) => texts.includes('seen by the new device'));
  const devices = await phone.commands.listDevices();
  const old = devices.find((device) => !device.isCurrent);
  assert.equal(devices.length, 2);
  await phone.commands.removeDevice(old?.deviceId ?? '', password);
  assert.equal((await phone.commands.listDevices()).length, 1);
  await ben.until('session', undefined, (one) => one.status === 'signed-out' && one.wasSignedOut === true);
  await phone.engine.stop();
  await stop();
});

test('a long history is read page by page, in order and without doubles', { timeout: 20_000 }, async () => {
  const { open, anna, ben, roomId, names, stop } = await pair();
  const wanted = Array.from({ length: 70 }, (_, at) => `line ${at}`);
  for (const text of wanted) await anna.commands.sendText(plain(roomId, text));
  await anna.until('connection', undefined, (state) => state.waitingCount === 0);
  await ben.until('rooms', undefined, (rooms) => rooms[0]?.lastEvent?.preview.text === wanted.at(-1));
  const phone = open();
  await phone.commands.signIn({ user: names.ben, password: `${names.ben} password`, deviceName: 'phone' });
  await phone.until('security', undefined, (state) => state.ready && state.crossSigningExists);
  await phone.commands.unlock((await ben.commands.showRecoveryKey()) ?? '');
  for (const reader of [phone, ben]) {
    for (let page = 0; page < 10; page += 1) {
      const { atStart } = await reader.until(
        'timeline',
        roomId,
        ({ isLoading, items }) => !isLoading && items.length > 0,
      );
      if (atStart) break;
      await reader.commands.loadOlder(roomId);
    }
    assert.deepEqual(await reader.texts(roomId, (texts) => texts.length === wanted.length), wanted);
  }
  await phone.engine.stop();
  await stop();
});
