/** A page of our own client in Chromium, and matrix-js-sdk with its Rust crypto, in one encrypted room. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import {
  VerificationPhase,
  VerificationRequestEvent,
  VerifierEvent,
  type ShowSasCallbacks,
  type VerificationRequest,
  type Verifier,
} from 'matrix-js-sdk/lib/crypto-api/index.js';
import { DESKTOP, findObstacle, launchBrowser, Person } from './browser.ts';
import { JsSdkPeer } from './js-sdk-peer.ts';
import { png } from './picture.ts';
import { startWithWeb, type RealServer } from './real-server.ts';

let browser: Browser;
let server: RealServer;

const skip = await findObstacle();

before(async () => {
  if (skip !== false) return;
  browser = await launchBrowser();
  server = await startWithWeb();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

const bubble = (person: Person, text: string) => person.page.locator('.bubble', { hasText: text });

async function startChat(erin: Person, otto: JsSdkPeer): Promise<string> {
  await erin.page.getByRole('button', { name: 'New chat' }).first().click();
  await erin.page.getByRole('searchbox').last().fill('@otto:localhost');
  await erin.page.locator('.panel-row', { hasText: '@otto:localhost' }).click();
  const roomId = await otto.acceptInvitation();
  await erin.page.getByRole('textbox', { name: 'Message' }).waitFor();
  return roomId;
}

async function exchangeTexts(erin: Person, otto: JsSdkPeer, roomId: string): Promise<void> {
  await erin.write('Message', 'Is this the other client?');
  const question = await otto.text(roomId, 'Is this the other client?');
  const answerId = await otto.reply(roomId, question.getId() ?? '', 'It iss');
  await bubble(erin, 'It iss').locator('.quote', { hasText: 'Is this the other client?' }).waitFor();
  await otto.edit(roomId, answerId, 'It is');
  await erin.page.locator('.bubble', { has: erin.page.locator('.meta', { hasText: 'edited' }) }).waitFor();
  assert.equal(await bubble(erin, 'It iss').count(), 0);
  await otto.react(roomId, question.getId() ?? '', '👋');
  await erin.page.locator('.reaction', { hasText: '👋' }).waitFor();

  await bubble(erin, 'It is').click({ button: 'right' });
  await erin.page.getByRole('button', { name: '❤️' }).click();
  await otto.reaction(roomId, answerId, '❤️');
  await bubble(erin, 'It is').last().click({ button: 'right' });
  await erin.page.locator('.menu button', { hasText: 'Reply' }).click();
  await erin.write('Message', 'Good too know');
  const reply = await otto.text(roomId, 'Good too know');
  assert.equal(reply.replyEventId, answerId);
  await bubble(erin, 'Good too know').locator('[aria-label=Sent], [aria-label=Read]').waitFor();
  await erin.page.getByRole('textbox', { name: 'Message' }).press('ArrowUp');
  await erin.write('Message', 'Good to know');
  await otto.until(() => (reply.getContent()['body'] === 'Good to know' ? true : undefined));
}

async function takeBack(erin: Person, otto: JsSdkPeer, roomId: string): Promise<void> {
  await erin.write('Message', 'Forget this');
  const regretted = await otto.text(roomId, 'Forget this');
  await bubble(erin, 'Forget this').locator('[aria-label=Sent], [aria-label=Read]').waitFor();
  await bubble(erin, 'Forget this').click({ button: 'right' });
  await erin.page.locator('.menu button', { hasText: 'Delete' }).click();
  await erin.page.locator('dialog[open]').getByRole('button', { name: 'Delete' }).click();
  await otto.until(() => (regretted.isRedacted() ? true : undefined));
  const { event_id: eventId } = await otto.client.sendTextMessage(roomId, 'And this');
  await bubble(erin, 'And this').waitFor();
  await otto.client.redactEvent(roomId, eventId);
  await bubble(erin, 'And this').waitFor({ state: 'detached' });
}

async function exchangePictures(erin: Person, otto: JsSdkPeer, roomId: string): Promise<void> {
  const sunrise = png(320, 200);
  await otto.sendImage(roomId, { name: 'sunrise.png', bytes: sunrise, width: 320, height: 200 });
  await erin.page.locator('.picture img').waitFor();
  const sunset = png(200, 320);
  const chooser = erin.page.waitForEvent('filechooser');
  await erin.page.getByRole('button', { name: 'Attach a file' }).click();
  await (await chooser).setFiles({ name: 'sunset.png', mimeType: 'image/png', buffer: sunset });
  const message = await otto.message(roomId, (content) => content['body'] === 'sunset.png');
  const file = await otto.readFile(message);
  assert.deepEqual([...file.subarray(1, 4)], [...Buffer.from('PNG')]);
  await erin.page.locator('.picture img').nth(1).waitFor();
}

/** Between the start by the other side and its own notice of it, the request of the library must not be asked. */
function startedBy(request: VerificationRequest): Promise<Verifier> {
  return new Promise((resolve) => {
    request.on(VerificationRequestEvent.Change, () => {
      if (request.verifier !== undefined) resolve(request.verifier);
    });
  });
}

async function verify(erin: Person, otto: JsSdkPeer, roomId: string): Promise<void> {
  await erin.page.locator('.bar-title').click();
  await erin.page.getByRole('button', { name: 'Verify otto' }).click();
  const request = await otto.verificationRequest(roomId, '@erin:localhost');
  const started = startedBy(request);
  await request.accept();
  const verifier = await started;
  const shown = new Promise<ShowSasCallbacks>((resolve) => verifier.once(VerifierEvent.ShowSas, resolve));
  const verified = verifier.verify();
  const { sas, confirm } = await shown;
  await erin.page.locator('.emojis div').nth(6).waitFor();
  await erin.shot('js-sdk-emoji');
  const seen = await erin.page.locator('.emojis').textContent();
  for (const [emoji] of sas.emoji ?? []) assert.ok(seen?.includes(emoji), emoji);
  await Promise.all([confirm(), erin.page.getByRole('button', { name: 'They are the same' }).click()]);
  await verified;
  await erin.page.getByText('You can be sure it is otto.').waitFor();
  assert.equal(request.phase, VerificationPhase.Done);
  await otto.until(async () =>
    (await otto.crypto.getUserVerificationStatus('@erin:localhost')).isVerified() ? true : undefined,
  );
  await erin.page.getByRole('button', { name: 'Done' }).click();
}

async function changeIdentity(erin: Person, otto: JsSdkPeer, roomId: string): Promise<void> {
  await otto.resetIdentity('otto');
  await erin.page.getByText('otto may be somebody else').waitFor();
  await erin.shot('identity-changed');
  await erin.page.getByRole('button', { name: 'Send anyway' }).click();
  await erin.write('Message', 'Are you still there?');
  await otto.text(roomId, 'Are you still there?');
}

test('a page and matrix-js-sdk: texts, reply, edit, reaction, redaction, pictures, emoji, backup', {
  skip,
  timeout: 100_000,
}, async (t) => {
  const erin = await Person.join(browser, { url: `${server.url}/#/invite/family`, name: 'Erin', look: DESKTOP });
  const otto = await JsSdkPeer.register(server.url, 'otto', server.token);
  t.after(() => otto.stop());
  const roomId = await startChat(erin, otto);
  await exchangeTexts(erin, otto, roomId);
  await takeBack(erin, otto, roomId);
  await exchangePictures(erin, otto, roomId);
  await erin.shot('js-sdk-talk');
  await erin.page.getByRole('button', { name: 'Show card' }).click();
  const key = (await erin.page.locator('.recovery-key').textContent()) ?? '';
  await erin.page.getByRole('button', { name: 'I have saved it' }).click();
  await verify(erin, otto, roomId);
  await erin.shot('js-sdk-verified');

  const account = { name: 'erin', password: 'correct horse battery' };
  const second = await JsSdkPeer.signIn(server.url, account, key);
  t.after(() => second.stop());
  assert.ok((await second.restore()) > 0);
  await second.text(roomId, 'It is');
  await second.text(roomId, 'Good to know');
  const own = await second.crypto.getDeviceVerificationStatus('@erin:localhost', second.client.getDeviceId() ?? '');
  assert.equal(own?.crossSigningVerified, true);
  await second.client.sendTextMessage(roomId, 'From my second device');
  await bubble(erin, 'From my second device').waitFor();
  await otto.text(roomId, 'From my second device');
  await changeIdentity(erin, otto, roomId);
  assert.deepEqual(erin.problems, []);
  await erin.context.close();
});
