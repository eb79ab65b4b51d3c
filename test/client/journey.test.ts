/** Two people at two devices, in Chromium, under the real policy: from the invitation to a verified chat. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { DESKTOP, findObstacle, launchBrowser, Person, PHONE } from './browser.ts';
import { memoryHost, TestClient } from './headless.ts';
import { openCuttableLine, type CuttableLine } from './cuttable.ts';
import { png } from './picture.ts';
import { startWithWeb, type RealServer } from './real-server.ts';

let browser: Browser;
let server: RealServer;
let line: CuttableLine;

const skip = await findObstacle();

before(async () => {
  if (skip !== false) return;
  browser = await launchBrowser();
  server = await startWithWeb();
  line = await openCuttableLine(server.url);
});

after(async () => {
  await browser?.close();
  line?.close();
  await server?.close();
});

async function joinAnna(): Promise<Person> {
  const anna = await Person.open(browser, 'anna', server.firstLink, DESKTOP);
  await anna.shot('setup');
  await anna.page.getByRole('button', { name: 'Start' }).click();
  await anna.page.getByLabel('Your name').fill('Anna Berg');
  await anna.page.getByLabel('Choose a password').fill('correct horse battery');
  await assert.doesNotReject(
    anna.page.waitForFunction(() => document.querySelectorAll('input')[1]?.value === 'anna.berg'),
  );
  await anna.shot('name');
  await anna.page.getByRole('button', { name: 'Create account' }).click();
  await anna.page.getByText('It is quiet here').waitFor();
  await anna.shot('empty');
  return anna;
}

async function joinBen(): Promise<Person> {
  const link = `${line.url}/#/invite/family?from=%40anna.berg%3Alocalhost&by=Anna%20Berg`;
  const ben = await Person.open(browser, 'ben', link, PHONE);
  await ben.shot('invite');
  await ben.page.getByRole('button', { name: '加入' }).click();
  await ben.page.getByLabel('你的名字').fill('Ben');
  await ben.page.getByLabel('设置密码').fill('correct horse battery');
  await ben.shot('name');
  await ben.page.getByRole('button', { name: '创建账号' }).click();
  await ben.page.getByRole('textbox', { name: '消息' }).waitFor();
  await ben.shot('room');
  return ben;
}

async function sendFileAndFetchIt(anna: Person, ben: Person): Promise<void> {
  const chooser = anna.page.waitForEvent('filechooser');
  await anna.page.getByRole('button', { name: 'Attach a file' }).click();
  const name = 'a-rather-long-name-of-a-route-map-2026.txt';
  await (await chooser).setFiles({ name, mimeType: 'text/plain', buffer: Buffer.from('north, then east') });
  const download = ben.page.waitForEvent('download');
  await ben.page.locator('.file').click();
  assert.equal((await download).suggestedFilename(), name);
  assert.equal(readFileSync(await (await download).path(), 'utf8'), 'north, then east');
}

test('from invitation to conversation, picture, reply, edit, reaction and recovery card', {
  skip,
  timeout: 180_000,
}, async () => {
  const anna = await joinAnna();
  const ben = await joinBen();
  await ben.write('消息', '你好，Anna！');
  await anna.page.getByText('Ben invites you').waitFor();
  await anna.shot('invited');
  await anna.page.getByRole('button', { name: 'Accept' }).click();
  await anna.page.locator('.bubble', { hasText: '你好' }).waitFor();
  await anna.write('Message', 'Hello **Ben**, how are you? See https://matrix.org/docs');
  await ben.page.locator('.bubble strong', { hasText: 'Ben' }).waitFor();
  await ben.shot('talk');
  const chooser = anna.page.waitForEvent('filechooser');
  await anna.page.getByRole('button', { name: 'Attach a file' }).click();
  await (await chooser).setFiles({ name: 'sunset.png', mimeType: 'image/png', buffer: png(640, 420) });
  await ben.page.locator('.picture img').waitFor();
  await sendFileAndFetchIt(anna, ben);
  await ben.write('消息', '🎉');
  await ben.write('消息', '真漂亮');
  const bubble = anna.page.locator('.bubble', { hasText: '真漂亮' });
  await bubble.waitFor();
  await bubble.click({ button: 'right' });
  await anna.shot('menu');
  await anna.page.getByRole('button', { name: '❤️' }).click();
  await ben.page.locator('.reaction', { hasText: '❤️' }).waitFor();
  await bubble.click({ button: 'right' });
  await anna.page.locator('.menu button', { hasText: 'Reply' }).click();
  await anna.write('Message', 'Taken from the harbour wall yesterday eveningg');
  await anna.page.locator('.bubble .quote').waitFor();
  const typo = anna.page.locator('.bubble', { hasText: 'eveningg' });
  await typo.locator('[aria-label=Sent], [aria-label=Read]').waitFor();
  await anna.page.getByRole('textbox', { name: 'Message' }).press('ArrowUp');
  await anna.write('Message', 'Taken from the harbour wall yesterday evening');
  await ben.page.locator('.meta', { hasText: '已编辑' }).waitFor();
  await anna.shot('talk');
  await ben.shot('talk');
  await anna.page.getByText('Save your recovery card').waitFor();
  await anna.page.getByRole('button', { name: 'Show card' }).click();
  await anna.page.locator('.recovery-key').waitFor();
  await anna.shot('recovery');
  await anna.page.getByRole('button', { name: 'I have saved it' }).click();
  await anna.page.locator('.bar-title').click();
  await anna.page.getByText('2 people').waitFor();
  await anna.shot('details');
  await anna.page.getByRole('button', { name: 'Verify Ben' }).click();
  await ben.page.getByRole('button', { name: '接受' }).click();
  await anna.page.locator('.emojis div').nth(6).waitFor();
  await ben.page.locator('.emojis div').nth(6).waitFor();
  await anna.shot('emoji');
  await ben.shot('emoji');
  await anna.page.getByRole('button', { name: 'They are the same' }).click();
  await ben.page.getByRole('button', { name: '相同', exact: true }).click();
  await anna.page.getByText('You can be sure it is Ben.').waitFor();
  await anna.page.getByRole('button', { name: 'Done' }).click();
  await anna.page.getByRole('button', { name: 'Settings' }).click();
  await anna.page.getByText('This device').waitFor();
  await anna.shot('settings');
  await ben.page.getByRole('button', { name: '完成' }).click();
  await ben.page.getByRole('button', { name: '返回' }).first().click();
  await ben.shot('list');
  await anna.page.reload();
  await anna.page.locator('.room-row', { hasText: 'Ben' }).waitFor();
  assert.deepEqual([...anna.problems, ...ben.problems], []);
  await Promise.all([anna.context.close(), ben.context.close()]);
});

test('a second device opens the history with the recovery key, and starts without network', {
  skip,
  timeout: 120_000,
}, async () => {
  const url = `${line.url}/#/invite/family`;
  const laptop = await Person.join(browser, { url, name: 'Cleo', look: DESKTOP });
  await laptop.page.getByRole('button', { name: 'New chat' }).first().click();
  // The screen comes with a part of its own: until then the link to it leads nowhere.
  const newGroup = laptop.page.getByRole('button', { name: 'New group' });
  await newGroup.waitFor();
  await laptop.shot('new-chat');
  await newGroup.click();
  await laptop.page.getByLabel('Name of the group').fill('Garden');
  await laptop.page.getByRole('searchbox').last().fill('@ben:localhost');
  await laptop.page.locator('.panel-row', { hasText: '@ben:localhost' }).click();
  await laptop.shot('group');
  await laptop.page.getByRole('button', { name: 'Create group' }).click();
  await laptop.write('Message', 'The roses need water');
  await laptop.page.locator('[aria-label=Sent]').waitFor();
  await laptop.page.getByRole('button', { name: 'Show card' }).click();
  const key = (await laptop.page.locator('.recovery-key').textContent()) ?? '';
  const phone = await Person.open(browser, 'cleo-phone', line.url, { ...PHONE, locale: 'en-GB', colorScheme: 'light' });
  await phone.shot('welcome');
  await phone.page.getByLabel('User name').fill('cleo');
  await phone.page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await phone.page.getByRole('button', { name: 'Sign in' }).click();
  await phone.page.locator('.room-row', { hasText: 'Garden' }).click();
  await phone.page.getByText('Written before you used this device.').waitFor();
  await phone.shot('locked');
  await phone.page.getByRole('button', { name: 'Unlock your history' }).first().click();
  await phone.shot('ways');
  await phone.page.getByRole('button', { name: 'Use your recovery key' }).click();
  await phone.page.getByRole('textbox', { name: 'Recovery key' }).fill(key);
  await phone.page.getByRole('button', { name: 'Unlock', exact: true }).click();
  await phone.page.locator('.bubble', { hasText: 'The roses need water' }).waitFor();
  await phone.shot('unlocked');
  await phone.page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await phone.page.reload();
  await phone.page.locator('.bubble', { hasText: 'The roses need water' }).waitFor();
  line.setCut(true);
  await phone.page.reload();
  await phone.page.locator('.bubble', { hasText: 'The roses need water' }).waitFor();
  await phone.write('Message', 'Written on the train');
  await phone.page.locator('[aria-label="Waiting to be sent"]').waitFor();
  await phone.page.getByText('Offline').last().waitFor();
  await phone.shot('offline');
  line.setCut(false);
  await laptop.page.locator('.bubble', { hasText: 'Written on the train' }).waitFor({ state: 'attached' });
  const problems = [...laptop.problems, ...phone.problems].filter((one) => !one.includes('net::ERR_'));
  assert.deepEqual(problems, []);
  await Promise.all([laptop.context.close(), phone.context.close()]);
});

const HOSTILE = [
  '<img src=x onerror="globalThis.owned=1">',
  '<svg><script>globalThis.owned=2</script></svg>',
  '<a href="javascript:globalThis.owned=3">press</a>',
  '<iframe srcdoc="<script>parent.owned=4</script>"></iframe>',
  '<math><mtext><table><mglyph><style><img src=x onerror="globalThis.owned=5">',
  '<form><input name="attributes" autofocus onfocus="globalThis.owned=6"></form>',
  '<div style="position:fixed;inset:0;background:red">over everything</div>',
  `${'<b>'.repeat(3000)}deep`,
];

test('adv-146 hostile HTML of a message runs nothing and loads nothing', { skip, timeout: 60_000 }, async (t) => {
  const url = `${line.url}/#/invite/family`;
  const dora = await Person.join(browser, { url, name: 'Dora', look: DESKTOP });
  const mallory = new TestClient(memoryHost(undefined, server.url));
  t.after(() => mallory.engine.stop());
  await mallory.register('mallory', 'Mallory');
  const roomId = await mallory.commands.createDirect('@dora:localhost');
  await dora.page.getByRole('button', { name: 'Accept' }).click();
  const foreign: string[] = [];
  dora.page.on('request', (request) => {
    if (!request.url().startsWith(line.url) && !request.url().startsWith('blob:')) foreign.push(request.url());
  });
  for (const html of HOSTILE) await mallory.commands.sendText({ roomId, text: 'plain', html, mentions: [] });
  await mallory.commands.sendText({ roomId, text: 'the last one', mentions: [] });
  await dora.page.locator('.bubble', { hasText: 'the last one' }).waitFor();
  await dora.page.locator('.bubble', { hasText: 'deep' }).waitFor();
  await dora.page.locator('.bubble', { hasText: 'press' }).click();
  assert.equal(await dora.page.evaluate(() => (globalThis as { owned?: number }).owned), undefined);
  assert.equal(await dora.page.locator('.bubble :is(script, iframe, style, form, input, img)').count(), 0);
  assert.equal(await dora.page.locator('.bubble a[href^=javascript]').count(), 0);
  assert.deepEqual(foreign, []);
  assert.deepEqual(dora.problems, []);
  await dora.context.close();
});
