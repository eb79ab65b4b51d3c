/** What everybody finds at a relay who does not ask for its names, and what it bounds. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import type { ConnectionOptions } from 'node:tls';
import { FakeClock } from '../../src/adapters/clock/fake-clock.ts';
import { createMetrics } from '../../src/adapters/metrics/index.ts';
import { Rate } from '../../src/deploy/relay/rate.ts';
import { answerTo, get, helloOf, NAME, nameOf, secure, withFront } from './front.ts';

describe('everybody else finds the site', () => {
  const others: readonly (readonly [string, ConnectionOptions])[] = [
    ['with another name', { servername: 'other.test' }],
    ['with a name below ours', { servername: `x.${NAME}` }],
    ['without a name', { servername: '' }],
    ['with its own name', { servername: 'home.test' }],
  ];
  for (const [name, options] of others) {
    test(name, async () => {
      await withFront({}, async (port) => {
        const socket = await secure(port, { ...options, rejectUnauthorized: false });
        assert.match(nameOf(socket) ?? '', /home\.test/);
        assert.deepEqual(await get(socket, '/'), {
          status: 200,
          body: '<!doctype html><html><head><title>It works</title></head><body><h1>It works</h1></body></html>\n',
        });
      });
    });
  }

  test('and no API on it, nor a proxy', async () => {
    await withFront({}, async (port) => {
      const open = () => secure(port, { servername: 'home.test' });
      for (const path of ['/_matrix/client/versions', '/link', 'http://example.org/', '/..', '/%00']) {
        assert.equal((await get(await open(), path)).status, 404, path);
      }
      const socket = await open();
      socket.write('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n');
      assert.match(await text(socket), /^HTTP\/1\.1 405 /);
    });
  });

  test('also for our names where the server is not there', async () => {
    await withFront({}, async (port) => {
      const socket = await secure(port, { rejectUnauthorized: false });
      assert.match(nameOf(socket) ?? '', /home\.test/);
      assert.equal((await get(socket, '/')).status, 200);
    });
  });

  test('plain HTTP is told that this is none', async () => {
    await withFront({}, async (port) => {
      const answer = await answerTo(port, 'GET / HTTP/1.1\r\nHost: home.test\r\n\r\n');
      assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/);
      assert.match(answer, /plain HTTP request was sent to HTTPS port/);
    });
  });

  const nonsense: readonly (readonly [string, Buffer])[] = [
    ['zeros', Buffer.alloc(300)],
    ['noise', Buffer.from(Array.from({ length: 400 }, (_, index) => (index * 197 + 31) % 256))],
    ['a record of another kind', Buffer.from('1703030005aabbccddee', 'hex')],
    ['a hello of no length', Buffer.from('160301000401000000', 'hex')],
    ['a record that is too long', Buffer.from(`160301ffff01${'00'.repeat(200)}`, 'hex')],
  ];
  for (const [name, bytes] of nonsense) {
    test(`${name} end the connection, without a reset`, async () => {
      await withFront({}, async (port) => {
        const answer = Buffer.from(await answerTo(port, bytes), 'latin1');
        // An alert at most.
        assert.ok(answer.length === 0 || answer[0] === 0x15, answer.toString('hex'));
      });
    });
  }
});

describe('a relay is bounded', () => {
  test('half a hello is waited for 5 s', async () => {
    const clock = new FakeClock();
    await withFront({ clock }, async (port) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.write((await helloOf(NAME)).subarray(0, 100));
      while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve));
      clock.advance(4_999);
      assert.equal(socket.readableEnded, false);
      const ended = text(socket);
      clock.advance(1);
      assert.equal(await ended, '');
      socket.destroy();
    });
  });

  test('one address has so many connections, and gets them back', async () => {
    await withFront({ limits: { connections: 100, connectionsPerAddress: 3, bytesPerSecond: 0 } }, async (port) => {
      const open = () => secure(port, { servername: 'home.test' });
      const three = [await open(), await open(), await open()];
      const more = connect({ host: '127.0.0.1', port });
      assert.equal(await text(more), '');
      three[0]?.destroy();
      for (;;) {
        const again = await open().catch(() => undefined);
        if (again === undefined) continue;
        assert.equal((await get(again, '/')).status, 200);
        break;
      }
      for (const one of three) one.destroy();
    });
  });

  test('whoever goes in the midst of a handshake is not waited for', async () => {
    const metrics = createMetrics({ process: false });
    const waiting = async (): Promise<number> => {
      const line = (await metrics.render()).split('\n').find((one) => one.startsWith('postern_relay_connections '));
      return Number(line?.split(' ')[1]);
    };
    // The pauses of the relay stand still: nothing but the client's going ends these connections.
    await withFront({ metrics, clock: new FakeClock() }, async (port) => {
      for (const servername of ['home.test', '']) {
        const socket = connect({ host: '127.0.0.1', port });
        socket.end(await helloOf(servername));
        await text(socket);
        for (let index = 0; index < 10; index += 1) {
          // The end of the handshake may or may not have gone out.
          (await secure(port, { servername, rejectUnauthorized: false })).destroy();
        }
      }
      while ((await waiting()) > 0) await new Promise(setImmediate);
    });
  });

  test('bytes a second are bounded over all connections', () => {
    const clock = new FakeClock();
    const bytes = Buffer.alloc(300_000);
    const rate = new Rate(clock, 100_000);
    assert.equal(rate.take(bytes.length), 3_000);
    clock.advance(3_000);
    assert.equal(rate.take(50_000), 500);
    assert.equal(rate.take(50_000), 1_000);
    assert.equal(new Rate(clock, 0).take(1_000_000), 0);
  });
});
