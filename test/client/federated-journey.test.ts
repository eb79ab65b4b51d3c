/** The founding picture: user1 → server1 → server2 → user2, each with our client, encrypted from end to end. */
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { buildWeb } from '../../tools/build-web.ts';
import { TestNetwork, type TestServer } from '../harness/index.ts';
import { DESKTOP, findObstacle, launchBrowser, Person } from './browser.ts';

const skip = await findObstacle();
const network = new TestNetwork();
let browser: Browser;
let one: TestServer;
let two: TestServer;
let webFolder: string;

/** A port that is free now: a page must find its server again after a restart. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  assert.ok(address !== null && typeof address === 'object');
  return address.port;
}

async function startWithClient(name: string): Promise<TestServer> {
  const port = await freePort();
  const base = network.configOf(name) as { listeners: object[] };
  const web = { address: '127.0.0.1', port, apis: ['client', 'media', 'admin', 'web', 'metrics'] };
  const server = network.server(name, {
    webFolder,
    config: () => ({
      publicBaseUrl: `http://127.0.0.1:${port}`,
      listeners: [web, ...base.listeners.slice(1)],
      registration: { mode: 'open' },
    }),
  });
  await server.start();
  return server;
}

before(async () => {
  if (skip !== false) return;
  webFolder = mkdtempSync(path.join(tmpdir(), 'postern-www-'));
  await buildWeb(webFolder, { compressed: false, single: false });
  network.addressOf('alpha.test');
  network.addressOf('beta.test');
  browser = await launchBrowser();
  one = await startWithClient('alpha.test');
  two = await startWithClient('beta.test');
});

after(async () => {
  await browser?.close();
  await one?.finish();
  await two?.finish();
  if (webFolder !== undefined) rmSync(webFolder, { recursive: true, force: true });
});

async function join(server: TestServer, name: string): Promise<Person> {
  const token = `${name.toLowerCase()}-token`;
  const { store, clock } = server.running.services.context;
  await store.transact((transaction) =>
    transaction.accounts.putRegistrationToken({
      token,
      createdAt: clock.now(),
      createdBy: undefined,
      usesMax: undefined,
      usesCompleted: 0,
      expiresAt: undefined,
      admin: false,
      rooms: [],
    }),
  );
  return Person.join(browser, { url: `${server.baseUrl}/#/invite/${token}`, name, look: DESKTOP });
}

const bubble = (person: Person, text: string) => person.page.locator('.bubble', { hasText: text });

async function bodiesOf(person: Person): Promise<string[]> {
  const texts = await person.page.locator('.bubble').allTextContents();
  return texts.flatMap((text) => /from (?:one|two) [0-9]/.exec(text)?.[0] ?? []);
}

test('two people on two servers; the second server goes away in mid-conversation and comes back', {
  skip,
  timeout: 170_000,
}, async () => {
  const uma = await join(one, 'Uma');
  const tom = await join(two, 'Tom');
  await uma.page.getByRole('button', { name: 'New chat' }).first().click();
  await uma.page.getByRole('searchbox').last().fill('@tom:beta.test');
  await uma.page.locator('.panel-row', { hasText: '@tom:beta.test' }).click();
  await uma.page.getByRole('textbox', { name: 'Message' }).waitFor();
  await uma.write('Message', 'from one 0');
  await tom.page.getByText('Uma invites you').waitFor();
  await tom.page.getByRole('button', { name: 'Accept' }).click();
  await bubble(tom, 'from one 0').waitFor();
  await tom.write('Message', 'from two 0');
  await bubble(uma, 'from two 0').waitFor();
  await uma.shot('federated');

  await two.stop();
  const sent: string[] = ['from one 0', 'from two 0'];
  for (let index = 1; index <= 5; index += 1) {
    await uma.write('Message', `from one ${index}`);
    await bubble(uma, `from one ${index}`).locator('[aria-label=Sent], [aria-label=Read]').waitFor();
    sent.push(`from one ${index}`);
  }
  await two.start();
  await tom.write('Message', 'from two 1');
  sent.push('from two 1');
  await bubble(uma, 'from two 1').waitFor({ timeout: 60_000 });
  for (let index = 1; index <= 5; index += 1) await bubble(tom, `from one ${index}`).waitFor({ timeout: 60_000 });
  for (const person of [uma, tom]) {
    const seen = await bodiesOf(person);
    assert.deepEqual([...seen].sort(), [...sent].sort(), 'nothing is lost, nothing comes twice');
    const mine = seen.filter((text) => text.startsWith('from one'));
    assert.deepEqual(
      mine,
      sent.filter((text) => text.startsWith('from one')),
      'in the order in which it was sent',
    );
  }
  await tom.shot('federated-after');
  // The page tells of the time without its server in its own way; that is no fault of the page.
  const problems = [...uma.problems, ...tom.problems].filter((text) => !text.includes('ERR_CONNECTION_REFUSED'));
  assert.deepEqual(problems, []);
});
