import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerOf, makePeers, noAnswer, type PeersSetup, serverName } from '../../../test/harness/peers.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { MatrixError, OperationError } from '../../matrix/errors.ts';
import { RawNumber } from '../../matrix/json.ts';
import type { HttpAnswer, HttpRequest } from '../../ports/http.ts';
import { parseAuthorization, requestText } from '../../rules/signatures/request.ts';
import { errorForClient, type PeerRequest, RemoteError } from './index.ts';

const THEM = serverName('them.test:443');
const GET: PeerRequest = { method: 'GET', path: '/_matrix/federation/v1/x?y=%20' };

function setup(answer: (request: HttpRequest) => HttpAnswer, more: PeersSetup = {}) {
  return makePeers({ answer, ...more });
}

async function refusal(result: Promise<unknown>): Promise<OperationError> {
  let found: unknown;
  await assert.rejects(result, (error) => {
    found = error;
    return true;
  });
  assert.ok(found instanceof OperationError, String(found));
  return found;
}

describe('a request to another server', () => {
  it('is signed over method, target and body, and sent to its place', async () => {
    const { peers, requests, context } = await setup(() => answerOf({ ok: true }));
    const body = { z: 1, a: new RawNumber('1.0') };
    assert.deepEqual({ ...(await peers.request(THEM, { ...GET, method: 'PUT', body })) }, { ok: true });
    await peers.request(THEM, { ...GET, method: 'POST', body: '{"canonical":1}' });
    await peers.request(THEM, GET);
    const publicKey = context.crypto.ed25519PublicKey(Buffer.alloc(32, 'us.test'));
    for (const [index, content] of ['{"a":1.0,"z":1}', '{"canonical":1}', undefined].entries()) {
      const request = requests[index];
      assert.ok(request !== undefined);
      assert.equal(request.destination.host, THEM);
      assert.equal(request.body, content);
      const claimed = parseAuthorization([request.headers?.['Authorization'] ?? '']);
      assert.deepEqual([claimed?.origin, claimed?.destination], ['us.test', THEM]);
      const signed = {
        method: request.method,
        target: GET.path,
        origin: context.serverName,
        destination: THEM,
        content,
      };
      const [signature] = claimed?.signatures ?? [];
      assert.equal(signature?.keyId, 'ed25519:us');
      assert.ok(context.crypto.ed25519Verify(publicKey, requestText(signed), signature?.signature ?? Buffer.alloc(0)));
    }
  });

  it('has limits of its own, or those of SECURITY §4', async () => {
    const { peers, requests } = await setup(() => answerOf({}));
    const { signal } = new AbortController();
    await peers.request(THEM, GET);
    await peers.request(THEM, { ...GET, bytesMax: 5, timeoutMs: 7, signal });
    assert.deepEqual(
      requests.map((one) => [one.bytesMax, one.timeoutMs, one.redirectsMax]),
      [
        [104_857_600, 60_000, undefined],
        [5, 7, undefined],
      ],
    );
    assert.equal(requests[1]?.signal, signal);
  });

  it('gives bytes whole or as they arrive', async () => {
    const bytes = Buffer.alloc(2_500, 'x');
    const { peers } = await setup(() => answerOf(bytes, 200, { 'content-type': 'multipart/mixed' }));
    assert.deepEqual(Buffer.from(await peers.requestBytes(THEM, GET)), bytes);
    const { contentType, body } = await peers.requestStream(THEM, GET);
    assert.equal(contentType, 'multipart/mixed');
    const sizes: number[] = [];
    for await (const chunk of body) sizes.push(chunk.length);
    assert.deepEqual(sizes, [1_000, 1_000, 500]);
  });

  it('keeps numbers that events must not hold as they were written', async () => {
    const { peers } = await setup(() => answerOf(Buffer.from('{"a":1.0,"b":2}')));
    const answer = await peers.request(THEM, GET);
    assert.ok(answer['a'] instanceof RawNumber);
    assert.equal(answer['b'], 2);
  });

  it('fails for good where the answer is no JSON object', async () => {
    for (const text of ['', '[]', '1', '{', '{"a":1,"a":2}', '"x"', '{"a":"\\ud800"}', '\xff']) {
      const { peers } = await setup(() => answerOf(Buffer.from(text, 'latin1')));
      const error = await refusal(peers.request(THEM, GET));
      assert.deepEqual([error.kind, error.temporary, error.server], ['bad answer', false, THEM], text);
    }
  });

  it('tells who did not answer, and asks anew where they are', async () => {
    let wellKnown = 0;
    const { peers, clock } = await setup(({ path }) => {
      if (path.startsWith('/.well-known')) wellKnown += 1;
      throw noAnswer('no connection');
    });
    const name = serverName('them.test');
    for (const expected of [1, 1, 1, 2]) {
      const error = await refusal(peers.request(name, GET));
      assert.deepEqual([error.kind, error.temporary, error.server], ['no connection', true, name]);
      assert.equal(wellKnown, expected);
      clock.advance(6_000);
    }
  });
});

describe('an answer that is an error', () => {
  it('carries status, code and time to wait', async () => {
    const cases: [HttpAnswer, [number, string, number | undefined, boolean]][] = [
      [answerOf({ errcode: 'M_FORBIDDEN', error: 'no' }, 403), [403, 'M_FORBIDDEN', undefined, false]],
      [answerOf({ errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 70 }, 429), [429, 'M_LIMIT_EXCEEDED', 70, true]],
      [answerOf({ errcode: 'M_X', retry_after_ms: 1e12 }, 429), [429, 'M_X', 3_600_000, true]],
      [answerOf({ errcode: 'M_X', retry_after_ms: -1 }, 400), [400, 'M_X', 0, false]],
      [answerOf(Buffer.from('<html>'), 502), [502, '', undefined, true]],
      [answerOf({ errcode: 'no\ncode' }, 404), [404, '', undefined, false]],
      [answerOf({ errcode: 1 }, 500), [500, '', undefined, true]],
      [answerOf({}, 302, { location: 'https://elsewhere.test' }), [302, '', undefined, false]],
      [answerOf(Buffer.alloc(200_000, ' '), 500), [500, '', undefined, true]],
    ];
    for (const [answer, expected] of cases) {
      const { peers } = await setup(() => answer);
      const error = await refusal(peers.request(THEM, GET));
      assert.ok(error instanceof RemoteError);
      assert.equal(error.server, THEM);
      assert.deepEqual([error.status, error.errcode, error.retryAfterMs, error.temporary], expected);
    }
  });

  it('adv-065 reaches a client in our words, and only where its code is expected', async () => {
    const told = async (errcode: string, status: number): Promise<MatrixError> => {
      const body = { errcode, error: 'evil text', soft_logout: true };
      const { peers } = await setup(() => answerOf(body, status));
      const error = errorForClient(await refusal(peers.request(THEM, GET)), ['M_FORBIDDEN', 'M_NOT_FOUND']);
      assert.ok(error instanceof MatrixError);
      assert.doesNotMatch(canonicalJson(error.toJSON() as Record<string, string>), /evil|soft_logout/);
      return error;
    };
    assert.equal((await told('M_FORBIDDEN', 403)).code, 'M_FORBIDDEN');
    assert.equal((await told('M_NOT_FOUND', 200 + 204)).status, 404);
    for (const errcode of ['M_UNKNOWN_TOKEN', 'M_USER_LOCKED', 'M_LIMIT_EXCEEDED', 'toString', '__proto__', '']) {
      const error = await told(errcode, 401);
      assert.deepEqual([error.code, error.status], ['M_UNKNOWN', 502], errcode);
    }
    const silent = errorForClient(new OperationError('timed out', { temporary: true, server: THEM }), ['M_NOT_FOUND']);
    assert.ok(silent instanceof MatrixError && silent.status === 504);
    for (const other of [new Error('a bug'), new OperationError('disk full', { temporary: true })]) {
      assert.equal(errorForClient(other, ['M_NOT_FOUND']), other);
    }
  });
});

describe('servers that we do not talk with', () => {
  it('are not asked', async () => {
    for (const more of [{ isEnabled: false }, { allow: [] }, { allow: ['them.test'] }]) {
      const { peers, requests } = await setup(() => answerOf({}), more);
      const error = await refusal(peers.request(THEM, GET));
      assert.deepEqual([error.kind, error.temporary, error.server], ['not allowed', false, THEM]);
      assert.equal(peers.allows(THEM), false);
      assert.equal(requests.length, 0);
    }
    const { peers } = await setup(() => answerOf({}), { allow: [THEM] });
    await peers.request(THEM, GET);
    assert.equal(peers.allows(THEM), true);
  });

  it('do not include ourselves, of whom nobody asks by mistake', async () => {
    const { peers } = await setup(() => answerOf({}));
    await assert.rejects(peers.request(serverName('us.test'), GET), /must hold/);
  });
});
