/** Our core without a browser, and matrix-js-sdk: what one of them has set up, the other can use. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { memoryHost, TestClient } from './headless.ts';
import { JsSdkPeer } from './js-sdk-peer.ts';
import { startRealServer } from './real-server.ts';

const server = await startRealServer();
after(() => server.close());

test('a backup and a recovery key that matrix-js-sdk made open the history here', { timeout: 30_000 }, async (t) => {
  const fay = new TestClient(memoryHost(undefined, server.url));
  const gus = await JsSdkPeer.register(server.url, 'gus', server.token);
  const phone = new TestClient(memoryHost(undefined, server.url));
  t.after(() => {
    gus.stop();
    return Promise.all([fay.engine.stop(), phone.engine.stop()]);
  });
  await fay.register('fay', 'Fay');
  const key = await gus.createRecoveryKey();
  const roomId = await fay.commands.createDirect('@gus:localhost');
  await gus.acceptInvitation();
  await fay.until('room', roomId, (room) => room.members.filter((m) => m.membership === 'join').length === 2);
  await fay.commands.sendText({ roomId, text: 'kept in the backup', mentions: [] });
  await gus.text(roomId, 'kept in the backup');
  await gus.client.sendTextMessage(roomId, 'and so is this');
  await fay.texts(roomId, (texts) => texts.includes('and so is this'));
  await gus.until(async () => ((await gus.countBackedUpKeys()) >= 2 ? true : undefined));

  await phone.commands.signIn({ user: 'gus', password: 'gus password', deviceName: 'phone' });
  await phone.until('timeline', roomId, ({ items }) => items.some((item) => item.body.kind === 'unreadable'));
  await phone.until('security', undefined, (state) => state.ready && state.crossSigningExists);
  assert.equal(await phone.commands.unlock(key), true);
  await phone.texts(roomId, (texts) => texts.join() === 'kept in the backup,and so is this');
  const state = await phone.until('security', undefined, (one) => one.deviceVerified);
  assert.equal(state.backup, 'on');
  await phone.commands.sendText({ roomId, text: 'from the phone', mentions: [] });
  await gus.text(roomId, 'from the phone');
});
