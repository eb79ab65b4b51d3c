import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bodyOf, dnsOf, fails, get, openGate, pair } from '../../../test/harness/gate.ts';
import { closedPort, startPlace, startRawPlace } from '../../../test/harness/places.ts';
import { FakeClock } from '../clock/fake-clock.ts';

describe('a request through the gate', () => {
  it('arrives as it was meant, and its answer comes back whole', async () => {
    const port = await startPlace(async (request, response) => {
      const { method, url, headers } = request;
      const body = await bodyOf(request);
      response.writeHead(207, { 'X-Thing': 'yes' }).end(JSON.stringify({ method, url, headers, body }));
    }, pair);
    const answer = await openGate().request(
      get(port, {
        method: 'PUT',
        path: '/x?y=%20',
        headers: { 'Content-Type': 'a/b', Authorization: 'c' },
        body: '{}',
      }),
    );
    assert.equal(answer.status, 207);
    assert.equal(answer.headers.get('x-thing'), 'yes');
    const seen = JSON.parse(Buffer.from(answer.bytes).toString()) as Record<string, Record<string, string>>;
    assert.deepEqual([seen['method'], seen['url'], seen['body']], ['PUT', '/x?y=%20', '{}']);
    const headers = seen['headers'] ?? {};
    assert.deepEqual(
      [headers['host'], headers['user-agent'], headers['content-type'], headers['authorization']],
      ['a.test', 'Postern/test', 'a/b', 'c'],
    );
    assert.equal(headers['accept-encoding'], 'identity');
  });

  it('uses a connection again, and a new one where the other side has closed it', async () => {
    let connections = 0;
    const port = await startRawPlace((socket) => {
      connections += 1;
      let served = 0;
      socket.on('data', () => {
        served += 1;
        // The third request finds that the connection is gone.
        if (served === 3) socket.destroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      });
    });
    const http = openGate();
    const to = { scheme: 'http' } as const;
    for (const expected of [1, 1, 2, 2]) {
      assert.equal((await http.request(get(port, { to }))).status, 200);
      assert.equal(connections, expected);
      // A connection is free again in the next turn of the loop.
      await new Promise(setImmediate);
    }
    // Whether a POST has taken effect is not known: it is not sent again.
    await fails(http.request(get(port, { to, method: 'POST', body: '' })), 'no connection');
  });

  it('fails softly where nobody listens, and where a name has no address', async () => {
    const http = openGate();
    await fails(http.request(get(await closedPort())), 'no connection');
    await fails(http.request(get(1, { to: { targets: [{ host: 'unknown.test', port: 1 }] } })), 'name not found');
    await fails(http.request(get(1, { to: { targets: [] } })), 'name not found');
  });

  it('tells what speaks no HTTP', async () => {
    const port = await startRawPlace((socket) => socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.9\r\n')));
    await fails(openGate().request(get(port, { to: { scheme: 'http' } })), 'bad answer', false);
  });

  it('ends when whoever asked wants it no more', async () => {
    const controller = new AbortController();
    const port = await startPlace(() => controller.abort(), pair);
    const http = openGate();
    await fails(http.request(get(port, { signal: controller.signal })), 'cancelled');
    await fails(http.request(get(port, { signal: controller.signal })), 'cancelled');
  });

  it('ends when the gate is closed', async () => {
    const http = openGate();
    const port = await startPlace(() => void http.close(), pair);
    await fails(http.request(get(port)), 'no connection');
  });
});

describe('limits of an answer', () => {
  it('adv-115 an endless answer stops at its limit, whether its length is told or not', async () => {
    let sent = 0;
    const port = await startPlace((request, response) => {
      if (request.url === '/told') return response.writeHead(200, { 'Content-Length': 1_001 }).flushHeaders();
      const chunk = Buffer.alloc(100, 'x');
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      };
      response.on('drain', more);
      more();
    }, pair);
    const http = openGate();
    await fails(http.request(get(port, { path: '/told' })), 'answer too large', false);
    await fails(http.request(get(port)), 'answer too large', false);
    assert.ok(sent < 10_000_000);
  });

  it('takes an answer of exactly the limit', async () => {
    const port = await startPlace((_, response) => response.end(Buffer.alloc(1_000)), pair);
    assert.equal((await openGate().request(get(port))).bytes.length, 1_000);
  });

  it('adv-115 a slow answer stops when its time is over, however alive it looks', async () => {
    const clock = new FakeClock();
    let response: { write(text: string): unknown } | undefined;
    const port = await startPlace((_, given) => {
      response = given;
      given.writeHead(200).write('x');
    }, pair);
    const { body } = await openGate({ clock }).stream(get(port));
    const chunks = body[Symbol.asyncIterator]();
    for (const left of [15_000, 10_000, 5_000]) {
      assert.equal(Buffer.from((await chunks.next()).value as Uint8Array).toString(), 'x', String(left));
      clock.advance(5_000);
      response?.write('x');
    }
    assert.equal((await chunks.next()).done, false);
    clock.advance(5_000);
    await fails(chunks.next(), 'timed out');
    assert.equal(clock.pending, 0);
  });

  it('stops where no head comes, and where a handshake does not end', async () => {
    for (const scheme of ['http', 'https'] as const) {
      const clock = new FakeClock();
      const port = await startRawPlace((socket) => {
        socket.once('data', () => clock.advance(scheme === 'https' ? 10_000 : 20_000));
      });
      await fails(openGate({ clock }).request(get(port, { to: { scheme } })), 'timed out');
    }
  });

  it('adv-098 refuses packed answers, which it did not ask for', async () => {
    const port = await startPlace((_, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(Buffer.alloc(100));
    }, pair);
    await fails(openGate().request(get(port)), 'bad answer', false);
  });

  it('lets go of a connection whose answer is not wanted', async () => {
    const port = await startPlace((_, response) => void response.write('x'), pair);
    const answer = await openGate().stream(get(port));
    answer.cancel();
    await fails(answer.body[Symbol.asyncIterator]().next(), 'cancelled');
  });

  it('holds so many exchanges at a time, and serves the others after them', async () => {
    const waiting: { end(text: string): unknown }[] = [];
    const port = await startPlace((_, response) => {
      waiting.push(response);
      // A destination has eight connections: the ninth request comes once one of them is free.
      if (waiting.length >= 8) for (const one of waiting.splice(0)) one.end('ok');
    }, pair);
    const http = openGate();
    const answers = await Promise.all(Array.from({ length: 24 }, () => http.request(get(port))));
    assert.equal(answers.length, 24);
  });
});

describe('places that requests may reach', () => {
  const refused = { host: 'evil.example', certificateName: 'evil.example', scheme: 'http' } as const;

  it('adv-108 adv-112 are judged by the address, whatever the name', async () => {
    const port = await startPlace((_, response) => response.end('secret'));
    const dns = dnsOf({ 'evil.example': [['127.0.0.1']], 'mixed.example': [['10.0.0.1', '127.0.0.1']] });
    const http = openGate({ dns });
    for (const host of ['evil.example', 'mixed.example', '127.0.0.1', '::ffff:127.0.0.1']) {
      await fails(http.request(get(port, { to: { ...refused, targets: [{ host, port }] } })), 'address denied', false);
    }
    // What is no address for certain is a name, never another spelling of an address.
    for (const host of ['2130706433', '0x7f.1', '127.1', '127.0.0.1.', 'localhost']) {
      await fails(http.request(get(port, { to: { ...refused, targets: [{ host, port }] } })), 'name not found');
    }
    assert.equal((await openGate({ dns, denyRanges: [] }).request(get(port, { to: { ...refused } }))).status, 200);
  });

  it('adv-112 a name that changes its address is judged at every connection', async () => {
    let connections = 0;
    const port = await startRawPlace((socket) => {
      connections += 1;
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'));
    });
    const http = openGate({
      dns: dnsOf({ 'evil.example': [['127.0.0.1'], ['10.0.0.1']] }),
      denyRanges: ['10.0.0.0/8'],
    });
    const request = get(port, { to: { ...refused, targets: [{ host: 'evil.example', port }] } });
    assert.equal((await http.request(request)).status, 200);
    await fails(http.request(request), 'address denied', false);
    assert.equal(connections, 1);
  });

  it('are those of the owner, private ones too', async () => {
    const port = await startPlace((_, response) => response.end('ok'));
    const dns = dnsOf({ 'inside.example': [['127.0.0.1']] });
    const http = openGate({ dns });
    for (const host of ['127.0.0.1', 'inside.example', 'A.TEST', 'b.test']) {
      const to = { ...refused, targets: [{ host, port }], isOwners: true };
      assert.equal((await http.request(get(port, { to }))).status, 200, host);
    }
    assert.deepEqual(dns.asked, ['inside.example']);
  });

  it('adv-111 adv-113 are judged again at each redirection, which is followed only where that was asked', async () => {
    let hits = 0;
    const inner = await startPlace((_, response) => {
      hits += 1;
      response.end('secret');
    });
    const port = await startPlace((request, response) => {
      const to: Record<string, string> = {
        '/inside': `https://127.0.0.1:${inner}/`,
        '/plain': `http://a.test:${inner}/`,
        '/file': 'file:///etc/passwd',
        '/userinfo': `https://a:b@a.test:${port}/end`,
        '/loop': '/loop',
        '/chain': '/chain2',
        '/chain2': `https://b.test:${port}/end`,
        '/bad': 'https://[',
      };
      const location = to[request.url ?? ''];
      if (location === undefined) return void response.end(request.headers.host);
      response.writeHead(302, { Location: location }).end();
    }, pair);
    const http = openGate();
    const ask = (path: string, redirectsMax: number) =>
      http.request(get(port, { path, redirectsMax, to: { host: `a.test:${port}` } }));
    assert.equal((await ask('/inside', 0)).status, 302);
    await fails(ask('/inside', 5), 'address denied', false);
    for (const path of ['/plain', '/file', '/userinfo', '/loop', '/bad'])
      await fails(ask(path, 5), 'bad answer', false);
    await fails(ask('/chain', 1), 'bad answer', false);
    assert.equal(Buffer.from((await ask('/chain', 2)).bytes).toString(), `b.test:${port}`);
    assert.equal(hits, 0);
  });
});

describe('several places of one destination', () => {
  it('race: a dead one costs a head start, and the winner is asked first from then on', async () => {
    const silent = await startRawPlace(() => undefined);
    const live = await startPlace((_, response) => response.writeHead(200, { Connection: 'close' }).end('ok'), pair);
    const targets = [
      { host: 'a.test', port: silent },
      { host: 'b.test', port: live },
    ];
    const clock = new FakeClock();
    const http = openGate({ clock });
    const first = http.request(get(0, { to: { targets } }));
    while (clock.pending < 3) await new Promise(setImmediate);
    clock.advance(250);
    assert.equal((await first).status, 200);
    // Nobody moves the clock: the winner alone is asked.
    assert.equal((await http.request(get(0, { to: { targets } }))).status, 200);
  });

  it('race: the failure of one starts the next at once', async () => {
    const live = await startPlace((_, response) => response.end('ok'), pair);
    const targets = [await closedPort(), await closedPort(), live].map((port) => ({ host: 'a.test', port }));
    assert.equal((await openGate({ clock: new FakeClock() }).request(get(0, { to: { targets } }))).status, 200);
  });

  it('listed: the second one is asked only after the first has failed', async () => {
    const asked: string[] = [];
    const start = (name: string) =>
      startPlace((_, response) => {
        asked.push(name);
        response.writeHead(200, { Connection: 'close' }).end();
      }, pair);
    const [one, two] = [await start('one'), await start('two')];
    const http = openGate();
    const ask = (...ports: number[]) =>
      http.request(get(0, { to: { order: 'listed', targets: ports.map((port) => ({ host: 'a.test', port })) } }));
    await ask(one, two);
    await ask(await closedPort(), two, one);
    assert.deepEqual(asked, ['one', 'two']);
    await fails(ask(await closedPort(), await closedPort()), 'no connection');
  });

  it('tries the addresses of both families', async () => {
    const port = await startPlace((_, response) => response.end('ok'), pair);
    const dns = dnsOf({ 'both.example': [['::1', '127.0.0.1']] });
    const to = { targets: [{ host: 'both.example', port }] };
    assert.equal((await openGate({ dns, denyRanges: [] }).request(get(port, { to }))).status, 200);
  });
});
