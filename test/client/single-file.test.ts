/** `client.html` from a file, in Chromium: one file and one invite are a working client. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { buildWeb } from '../../tools/build-web.ts';
import { DESKTOP, findObstacle, launchBrowser, Person } from './browser.ts';
import { openCuttableLine } from './cuttable.ts';
import { startRealServer, type RealServer } from './real-server.ts';

const obstacle = await findObstacle();
const folder = mkdtempSync(path.join(tmpdir(), 'postern-single-'));
const MIB = 1024 * 1024;

let server: RealServer;
let browser: Browser;

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

before(async () => {
  if (obstacle !== false) return;
  await buildWeb(folder, { compressed: false });
  const port = await freeUdpPort();
  // A server without any web route: there is nothing but an address, a port and a fingerprint.
  server = await startRealServer(folder, {
    'routes.list': JSON.stringify([{ url: `webrtc://127.0.0.1:${port}` }]),
    'routes.webRtc': JSON.stringify({ address: '127.0.0.1', port }),
  });
  browser = await launchBrowser(['--allow-loopback-in-peer-connection']);
});

after(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('client.html is one file below 4 MiB, and the server gives it to be kept', { skip: obstacle }, async () => {
  assert.ok(statSync(path.join(folder, 'client.html')).size < 4 * MIB);
  const response = await fetch(`${server.url}/client.html`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-disposition') ?? '', /^attachment/);
  assert.match(response.headers.get('content-security-policy') ?? '', /^sandbox/);
});

async function joinFromFile(text: string | null): Promise<{ anna: Person; file: string; foreign: string[] }> {
  assert.ok(text !== null);
  const file = pathToFileURL(path.join(folder, 'client.html')).href;
  const anna = await Person.open(browser, 'anna', file, DESKTOP);
  const { page } = anna;
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!/^(?:file|blob|data):/.test(request.url())) foreign.push(request.url());
  });
  await page.getByLabel('Paste an invitation').fill(text);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByLabel('Your name').fill('Anna');
  await page.getByLabel('Choose a password').fill('correct horse battery');
  await page.waitForFunction(() => document.querySelectorAll('input')[1]?.value === 'anna');
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('It is quiet here').waitFor();
  await page.goto(`${file}#/settings`);
  await page.getByText('Your history is backed up').waitFor();
  return { anna, file, foreign };
}

test('opened as a file it makes an account over WebRTC, has its crypto, and starts again', {
  skip: obstacle,
}, async () => {
  const { anna, foreign } = await joinFromFile((await server.invite()).text);
  await anna.page.reload();
  await anna.page.getByText('Your history is backed up').waitFor();
  assert.deepEqual(foreign, []);
  assert.deepEqual(anna.problems, []);
});

test('opened as a file it talks to a web route, and to no other host', { skip: obstacle }, async (t) => {
  let url = '';
  const line = await openCuttableLine(() => url);
  const web = await startRealServer(undefined, { 'routes.list': JSON.stringify([{ url: line.url }]) });
  url = web.url;
  t.after(async () => {
    line.close();
    await web.close();
  });
  const { anna, foreign } = await joinFromFile((await web.invite()).text);
  assert.deepEqual([...new Set(foreign.map((one) => new URL(one).origin))], foreign.length === 0 ? [] : [line.url]);
  assert.deepEqual(anna.problems, []);
});
