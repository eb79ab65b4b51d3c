/** The app in Chromium: invited over one route, and at home over another when the address it came from is blocked. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { DESKTOP, findObstacle, launchBrowser, Person } from './browser.ts';
import { openCuttableLine, type CuttableLine } from './cuttable.ts';
import { startWithWeb, type RealServer } from './real-server.ts';

const obstacle = await findObstacle();

let server: RealServer;
let browser: Browser;
let first: CuttableLine;
let second: CuttableLine;

before(async () => {
  if (obstacle !== false) return;
  first = await openCuttableLine(() => server.url);
  second = await openCuttableLine(() => server.url);
  const list = [
    { url: first.url, zone: 'home' },
    { url: second.url, zone: 'abroad' },
  ];
  server = await startWithWeb({ 'routes.list': JSON.stringify(list) });
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  first?.close();
  second?.close();
  await server?.close();
});

test('an invite leads to an account, and the app starts and talks with its own origin blocked', {
  skip: obstacle,
}, async () => {
  const { link } = await server.invite();
  assert.ok(link.startsWith(`${first.url}/#i=`), link);
  const anna = await Person.join(browser, { url: link, name: 'Anna', look: DESKTOP });
  const { page } = anna;
  // The routes are in the policy from the next start on.
  await page.waitForFunction(
    async () => (await (await caches.open('postern-routes')).match('/routes.json')) !== undefined,
  );
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.waitForFunction(async () => {
    const cache = await caches.open('postern-shell-1');
    const names: string[] = await (await fetch('/assets.json')).json();
    return (await Promise.all(names.map((name) => cache.match(name)))).every((one) => one !== undefined);
  });
  first.setCut(true);
  await page.goto('about:blank');
  await page.goto(`${first.url}/#/settings`);
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Connection' }) }).last();
  const inUse = panel.locator('.panel-row', { hasText: new URL(second.url).host });
  await inUse.getByText('in use').waitFor();
  await page.getByLabel('Your name').fill('Anna Blocked');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
  await panel
    .locator('.panel-row', { hasText: new URL(first.url).host })
    .getByText('cannot be reached')
    .waitFor();
  await anna.shot('routes');
  const unexpected = anna.problems.filter((one) => !one.includes('net::ERR_'));
  assert.deepEqual(unexpected, []);
});
