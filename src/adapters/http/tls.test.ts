import assert from 'node:assert/strict';
import type { ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { type CertificateOptions, type Pair, selfSigned, TestAuthority } from '../../bench/remotes/certificates.ts';
import { authority, openGate } from '../../../test/harness/gate.ts';
import { startPlace, startRawPlace } from '../../../test/harness/places.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Http, HttpDestination } from '../../ports/http.ts';

const good = authority.issue({ names: ['a.test', '127.0.0.1'] });

function open(extraCa: readonly string[] = [authority.certificate]): Http {
  return openGate({ extraCa });
}

let served = 0;

function start(pair: Pair, options: ServerOptions = {}): Promise<number> {
  const handle: Parameters<typeof startPlace>[0] = (_, response) => {
    served += 1;
    response.end('ok');
  };
  return startPlace(handle, { ...options, ...pair });
}

function issued(options: Partial<CertificateOptions>, server: ServerOptions = {}): Promise<number> {
  return start(authority.issue({ names: ['a.test'], ...options }), server);
}

function raw(answer: (socket: Socket) => void): Promise<number> {
  return startRawPlace((socket) => socket.once('data', () => answer(socket)));
}

async function ask(http: Http, port: number, to: Partial<HttpDestination> = {}): Promise<number> {
  const { status } = await http.request({
    destination: {
      scheme: 'https',
      targets: [{ host: 'a.test', port }],
      order: 'race',
      certificateName: 'a.test',
      host: 'a.test',
      ...to,
    },
    method: 'GET',
    path: '/',
    bytesMax: 100,
    timeoutMs: 20_000,
  });
  return status;
}

describe('T10: misconfigured encryption of the other side is refused', () => {
  const legacy: ServerOptions = { ciphers: 'DEFAULT:@SECLEVEL=0', minVersion: 'TLSv1' };
  const cases: [string, string, () => Promise<number>, Partial<HttpDestination>?][] = [
    ['expired', 'CERT_HAS_EXPIRED', () => issued({ from: -2, until: -1 })],
    ['not yet valid', 'CERT_NOT_YET_VALID', () => issued({ from: 1, until: 2 })],
    ['another name', 'ERR_TLS_CERT_ALTNAME_INVALID', () => issued({ names: ['b.test'] })],
    ['a wildcard of another level', 'ERR_TLS_CERT_ALTNAME_INVALID', () => issued({ names: ['*.a.test'] })],
    ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT', () => start(selfSigned({ names: ['a.test'] }))],
    [
      'an unknown authority',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      () => start(new TestAuthority().issue({ names: ['a.test'] })),
    ],
    ['a weak key', 'EE certificate key too weak', () => issued({ rsaBits: 1024 }, legacy)],
    ['a certificate for clients', 'INVALID_PURPOSE', () => issued({ usage: 'client' })],
    ['TLS 1.0', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', () => start(good, { ...legacy, maxVersion: 'TLSv1' })],
    ['TLS 1.1', 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', () => start(good, { ...legacy, maxVersion: 'TLSv1.1' })],
    [
      'a literal address that the certificate lacks',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      () => start(good),
      { certificateName: '127.0.0.2' },
    ],
    ['plain HTTP', 'ERR_SSL_WRONG_VERSION_NUMBER', () => startPlace((_, response) => response.end('ok'))],
    ['closed in the handshake', 'ECONNRESET', () => raw((socket) => socket.destroy())],
    ['no certificate', 'HANDSHAKE_FAILURE', () => raw((socket) => socket.end(Buffer.of(21, 3, 3, 0, 2, 2, 40)))],
  ];
  for (const [what, cause, begin, to] of cases) {
    it(what, async () => {
      const before = served;
      await assert.rejects(ask(open(), await begin(), to), (error) => {
        assert.ok(error instanceof OperationError, String(error));
        assert.deepEqual([error.kind, error.temporary], ['not authenticated', true]);
        const { code, message } = error.cause as { code?: string; message?: string };
        assert.ok(`${code} ${message}`.includes(cause), `${code} ${message}`);
        return true;
      });
      assert.equal(served, before, 'no request was sent');
    });
  }
});

describe('what the owner trusts', () => {
  it('an authority of their own, for names and addresses, at TLS 1.2 and 1.3', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const port = await start(good, { maxVersion });
      assert.equal(await ask(open(), port), 200);
      assert.equal(await ask(open(), port, { certificateName: '127.0.0.1' }), 200);
      await assert.rejects(ask(open([]), port), { kind: 'not authenticated' });
    }
  });

  it('asks for the name of the certificate, and for none where that is an address', async () => {
    const names: (string | false | undefined)[] = [];
    const port = await start(good, {
      SNICallback: (name, callback) => {
        names.push(name);
        callback(null);
      },
    });
    assert.equal(await ask(open(), port), 200);
    assert.equal(await ask(open(), port, { certificateName: '127.0.0.1', host: '127.0.0.1' }), 200);
    assert.deepEqual(names, ['a.test']);
  });

  it('a pinned key: it alone counts, whoever signed it and whatever name it carries', async () => {
    const pinned = selfSigned({ names: ['other.test'], from: -2, until: -1 });
    const port = await start(pinned);
    assert.equal(await ask(open([]), port, { pin: pinned.pin }), 200);
    assert.equal(await ask(open([]), port, { pin: pinned.pin.replace('=', '') }), 200);
    for (const pin of [good.pin, `sha256/${'A'.repeat(43)}=`]) {
      await assert.rejects(ask(open(), port, { pin }), { kind: 'not authenticated' });
      // A certificate in order does not help against a pin that names another key.
      await assert.rejects(ask(open(), await start(authority.issue({ names: ['a.test'] })), { pin }), {
        kind: 'not authenticated',
      });
    }
  });

  it('a session is taken up again only by the destination that began it', async () => {
    const reused: boolean[] = [];
    const port = await startPlace((request, response) => {
      reused.push((request.socket as TLSSocket).isSessionReused());
      response.writeHead(200, { Connection: 'close' }).end();
    }, good);
    const http = open();
    for (let round = 0; round < 3; round += 1) await ask(http, port);
    await ask(http, port, { certificateName: '127.0.0.1', host: '127.0.0.1' });
    await assert.rejects(ask(http, port, { certificateName: 'b.test' }), { kind: 'not authenticated' });
    assert.deepEqual(reused, [false, true, true, false]);
  });
});
