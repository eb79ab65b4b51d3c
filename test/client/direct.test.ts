/** WebRTC-direct with a real browser: the only way that is left to the server has no name and no authority. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { DESKTOP, findObstacle, launchBrowser, Person } from './browser.ts';
import { openCuttableLine, type CuttableLine } from './cuttable.ts';
import { startWithWeb, type RealServer } from './real-server.ts';

const obstacle = await findObstacle();

let server: RealServer;
let browser: Browser;
let line: CuttableLine;
let udpPort: number;

function freeUdpPort(): Promise<number> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

before(async () => {
  if (obstacle !== false) return;
  line = await openCuttableLine(() => server.url);
  udpPort = await freeUdpPort();
  const list = [
    { url: line.url, zone: 'home' },
    { url: `webrtc://127.0.0.1:${udpPort}`, zone: 'idc' },
  ];
  server = await startWithWeb({
    'routes.list': JSON.stringify(list),
    'routes.webRtc': JSON.stringify({ address: '127.0.0.1', port: udpPort }),
  });
  browser = await launchBrowser(['--allow-loopback-in-peer-connection']);
});

after(async () => {
  await browser?.close();
  line?.close();
  await server?.close();
});

test('with every web route blocked a conversation goes on over WebRTC', { skip: obstacle }, async () => {
  const { link } = await server.invite();
  const anna = await Person.join(browser, { url: link, name: 'Anna', look: DESKTOP });
  const { page } = anna;
  await page.goto(`${line.url}/#/settings`);
  await page.getByRole('heading', { name: 'Connection' }).waitFor();
  line.setCut(true);
  const panel = page.locator('section', { has: page.getByRole('heading', { name: 'Connection' }) }).last();
  await page.getByRole('button', { name: 'Try all now' }).click();
  const inUse = panel.locator('.panel-row', { hasText: `127.0.0.1:${udpPort}` }).getByText('in use');
  await inUse.waitFor();
  await page.getByLabel('Your name').fill('Anna Direct');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Save' }).waitFor({ state: 'detached' });
  assert.deepEqual(
    anna.problems.filter((one) => !one.includes('net::ERR_')),
    [],
  );
});
