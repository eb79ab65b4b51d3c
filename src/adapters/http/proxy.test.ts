import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { dnsOf, fails, get, openGate, pair } from '../../../test/harness/gate.ts';
import { closedPort, startPlace, startRawPlace } from '../../../test/harness/places.ts';

describe('proxies', () => {
  /** Where the proxies lead to: the address itself counts as outside. */
  async function outside(): Promise<number> {
    return await startPlace((_, response) => response.end('through'), pair);
  }

  it('http: names are looked up there, with the credentials of the owner', async () => {
    const port = await outside();
    const seen: string[] = [];
    const proxy = await startRawPlace((socket) => {
      socket.once('data', (chunk: Buffer) => {
        seen.push(chunk.toString());
        socket.write('HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n');
        tunnel(socket, port);
      });
    });
    const dns = dnsOf({});
    const http = openGate({ dns, proxy: `http://user:p%40ss@127.0.0.1:${proxy}` });
    const to = { targets: [{ host: 'far.example', port: 8448 }] };
    assert.equal(Buffer.from((await http.request(get(0, { to }))).bytes).toString(), 'through');
    assert.match(seen[0] ?? '', /^CONNECT far\.example:8448 HTTP\/1\.1\r\nHost: far\.example:8448\r\n/);
    assert.match(seen[0] ?? '', /Proxy-Authorization: Basic dXNlcjpwQHNz\r\n/);
    assert.deepEqual(dns.asked, []);
  });

  it('http: a refusal, a silence and nonsense are failures', async () => {
    for (const [answer, kind] of [
      ['HTTP/1.1 407 No\r\n\r\n', 'no connection'],
      ['nonsense\r\n\r\n', 'no connection'],
      ['x'.repeat(20_000), 'bad answer'],
    ] as const) {
      const proxy = await startRawPlace((socket) => socket.once('data', () => socket.end(answer)));
      const http = openGate({ proxy: `http://127.0.0.1:${proxy}` });
      const to = { targets: [{ host: 'far.example', port: 1 }] };
      await fails(http.request(get(0, { to })), kind, kind !== 'bad answer');
    }
  });

  it('socks5: names, addresses and passwords', async () => {
    const port = await outside();
    const seen: string[] = [];
    const proxy = await startRawPlace((socket) => void serveSocks(socket, port, seen));
    const ask = async (host: string, credentials = ''): Promise<string> => {
      const http = openGate({ proxy: `socks5://${credentials}127.0.0.1:${proxy}` });
      return Buffer.from((await http.request(get(0, { to: { targets: [{ host, port: 258 }] } }))).bytes).toString();
    };
    assert.equal(await ask('far.example'), 'through');
    assert.equal(await ask('8.8.8.8'), 'through');
    assert.equal(await ask('2600::1', 'user:pass@'), 'through');
    assert.deepEqual(seen, [
      `0 050100030b${Buffer.from('far.example').toString('hex')}0102`,
      '0 05010001080808080102',
      `2 ${Buffer.from('\x01\x04user\x04pass').toString('hex')} 050100042600${'0'.repeat(27)}10102`,
    ]);
    await fails(ask('refused.example'), 'no connection');
  });

  it('are not for private addresses, and open no way to denied ones', async () => {
    const port = await outside();
    const dead = await closedPort();
    const http = openGate({ proxy: `socks5://127.0.0.1:${dead}` });
    assert.equal((await http.request(get(port))).status, 200, 'network.hosts');
    const to = { targets: [{ host: '10.0.0.1', port }] };
    await fails(http.request(get(port, { to })), 'address denied', false);
  });
});

function tunnel(socket: Socket, port: number): void {
  const inner = connect({ host: '127.0.0.1', port });
  inner.on('error', () => socket.destroy());
  socket.pipe(inner).pipe(socket);
}

async function serveSocks(socket: Socket, port: number, seen: string[]): Promise<void> {
  const read = async (): Promise<Buffer> => ((await once(socket, 'data')) as [Buffer])[0];
  const hello = await read();
  const method = hello[2] ?? 0;
  socket.write(Buffer.of(5, method));
  let login = '';
  if (method === 2) {
    login = `${(await read()).toString('hex')} `;
    socket.write(Buffer.of(1, 0));
  }
  const ask = await read();
  if (ask.includes('refused')) return void socket.end(Buffer.of(5, 4, 0, 1, 0, 0, 0, 0, 0, 0));
  seen.push(`${method} ${login}${ask.toString('hex')}`);
  socket.write(Buffer.of(5, 0, 0, 3, 1, 65, 0, 1));
  tunnel(socket, port);
}
