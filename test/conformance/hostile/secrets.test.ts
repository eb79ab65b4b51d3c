/** What must not be found where it does not belong, and what must not take long. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { passwordAuth, passwordOf, TestServer, useServer, v3 } from '../../harness/index.ts';
import { send } from './wire.ts';

const server = useServer();

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => path.join(folder, name))
    .filter((file) => statSync(file).isFile());
}

test('no password and no token stands in the files of the server (adv-074)', async () => {
  const own = new TestServer();
  await own.start();
  try {
    const alice = await own.register('alice');
    const other = await alice.login({ refresh_token: true });
    const next = 'the NEXT password of alice';
    const challenge = (await alice.call('POST', v3`/account/password`, { new_password: next })).expect(401);
    const auth = passwordAuth(alice, challenge.text('session'));
    await alice.ok('POST', v3`/account/password`, { new_password: next, auth, logout_devices: false });
    await alice.createRoom();
    await own.stop();
    const secrets = [passwordOf(alice.id), next, alice.token, other.token, other.refreshToken ?? ''];
    for (const file of filesBelow(own.folder)) {
      const bytes = readFileSync(file);
      for (const secret of secrets) assert.ok(!bytes.includes(secret), `${path.basename(file)} holds a secret`);
    }
    await own.start();
  } finally {
    await own.finish();
  }
});

test('a compressed body of zeros is not inflated (adv-098)', async () => {
  const alice = await server.register('alice');
  const body = gzipSync(Buffer.alloc(100 * 1_048_576));
  const headers = {
    'Content-Encoding': 'gzip',
    'Content-Type': 'application/json',
    Authorization: `Bearer ${alice.token}`,
  };
  const before = process.memoryUsage().rss;
  const answer = await send(server, { method: 'POST', path: '/_matrix/client/v3/createRoom', headers, body });
  assert.ok([400, 413, 415].includes(answer.status), String(answer.status));
  assert.ok(answer.ms < 2_000);
  assert.ok(process.memoryUsage().rss - before < 64 * 1_048_576);
});

/** Bytes over one connection, and everything that came back. */
function overOneConnection(text: string, until: (got: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (until(got)) socket.end();
    });
    socket.on('close', () => resolve(got));
    socket.on('error', reject);
  });
}

test('pipelined requests are answered in their order (adv-097)', async () => {
  const alice = await server.register('alice');
  const room = await alice.createRoom();
  const get = (target: string): string =>
    `GET ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice.token}\r\n\r\n`;
  const slow = get(v3`/rooms/${room}/state`);
  const text = `${slow}${get('/_matrix/client/versions')}${get(v3`/account/whoami`)}`;
  const got = await overOneConnection(text, (one) => one.includes('"device_id"'));
  const order = ['m.room.create', '"versions"', '"device_id"'].map((one) => got.indexOf(one));
  assert.ok(order.every((at) => at >= 0));
  assert.deepEqual(
    order.toSorted((left, right) => left - right),
    order,
  );
});

test('requests with two lengths are refused (adv-097)', async () => {
  const both = 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n';
  const twice = 'Content-Length: 4\r\nContent-Length: 5\r\n';
  for (const lengths of [both, twice]) {
    const login = `POST /_matrix/client/v3/login HTTP/1.1\r\nHost: x\r\n${lengths}\r\n0\r\n\r\n`;
    const text = `${login}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`;
    const got = await overOneConnection(text, (one) => one.includes('HTTP/1.1'));
    assert.match(got, /^HTTP\/1\.1 400 /);
    assert.equal(got.split('HTTP/1.1').length - 1, 1, 'one answer, then the end');
  }
});

test('the worst push-rule glob against a long message is quick (adv-099)', async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const room = await alice.createRoom();
  await alice.bring(room, bob);
  const pattern = `${'*a'.repeat(300)}*b`;
  const conditions = [{ kind: 'event_match', key: 'content.body', pattern }];
  await bob.ok('PUT', v3`/pushrules/global/override/worst`, { conditions, actions: ['notify'] });
  await bob.ok('PUT', v3`/pushrules/global/content/worst`, { pattern: `${'a*'.repeat(300)}b`, actions: ['notify'] });
  await bob.sync();
  await alice.send(room, 'a'.repeat(60_000));
  const started = process.cpuUsage();
  await bob.sync();
  const tookMs = process.cpuUsage(started).user / 1000;
  assert.ok(tookMs < 3_000, `${tookMs} ms of the processor`);
});

test('rate limits: on by default, ordinary use never meets them, hammering does', async () => {
  const own = new TestServer({ config: { rateLimits: { enabled: true } } });
  await own.start();
  try {
    const alice = await own.register('alice');
    const room = await alice.createRoom();
    for (let n = 0; n < 20; n += 1) await alice.send(room, `m${n}`);
    const answers = [];
    for (let n = 0; n < 40; n += 1) {
      answers.push(
        await own.nobody.call('POST', v3`/login`, { type: 'm.login.password', user: 'alice', password: 'x' }),
      );
    }
    const limited = answers.find((one) => one.status === 429);
    assert.ok(limited !== undefined, 'forty wrong logins were let through');
    assert.ok(limited.number('retry_after_ms') > 0);
    await alice.send(room, 'others go on');
  } finally {
    await own.finish();
  }
});
