import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyOf, type TestKey } from '../../../test/fixtures/ed25519.ts';
import { answerOf, makePeers, noAnswer, type PeersSetup, serverName } from '../../../test/harness/peers.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { HttpAnswer } from '../../ports/http.ts';
import { formatAuthorization, requestText } from '../../rules/signatures/request.ts';
import { signJson } from '../../rules/signatures/sign.ts';
import type { InboundRequest } from './index.ts';

const US = serverName('us.test');
const THEM = serverName('them.test:1');
const START = Date.UTC(2026, 0, 1);
const DAY = 24 * 3_600_000;
const key = keyOf(THEM, 1, 'ed25519:1');
const old = keyOf(THEM, 2, 'ed25519:old');

function published(until = START + DAY): HttpAnswer {
  const json = {
    server_name: THEM,
    valid_until_ts: until,
    verify_keys: { [key.keyId]: { key: encodeBase64(key.publicKey) } },
    old_verify_keys: { [old.keyId]: { key: encodeBase64(old.publicKey), expired_ts: START + DAY } },
  };
  return answerOf(signJson(json, key));
}

interface Claim {
  readonly origin?: string;
  /** In the header; `null` leaves it out. */
  readonly destination?: string | null;
  readonly signer?: TestKey;
  readonly content?: string;
}

function header({ origin = THEM, destination = US, signer = key, content }: Claim = {}): string {
  const from = serverName(origin);
  const signed = {
    method: 'PUT',
    target: '/_matrix/x?y=z',
    origin: from,
    destination: serverName(destination ?? US),
    content,
  };
  const signature = signer.sign(requestText(signed));
  const to = destination === null ? undefined : serverName(destination);
  return formatAuthorization({ origin: from, destination: to }, { keyId: signer.keyId, signature });
}

type Change = Partial<Omit<InboundRequest, 'content'>> & { readonly content?: string };

function request(claims: readonly Claim[], { content, ...change }: Change = {}): InboundRequest {
  const authorization = claims.map(header);
  return { method: 'PUT', target: '/_matrix/x?y=z', authorization, content: async () => content, ...change };
}

async function rig(setup: PeersSetup = {}) {
  const made = await makePeers({ answer: () => published(), ...setup });
  const contacts: string[] = [];
  made.peers.onContact((server) => contacts.push(server));
  const check = async (given: InboundRequest): Promise<string> => {
    try {
      return await made.peers.verifyRequest(given);
    } catch (error) {
      assert.ok(error instanceof MatrixError, String(error));
      return `${error.status} ${error.code}`;
    }
  };
  return { ...made, contacts, check };
}

describe('a request of another server', () => {
  it('is from whoever signed it, who is then known to be there', async () => {
    const { check, contacts, requests } = await rig();
    assert.equal(await check(request([{}])), THEM);
    assert.equal(await check(request([{ content: '{"a":1}' }], { content: '{"a":1}' })), THEM);
    assert.equal(await check(request([{ destination: null }])), THEM, 'older servers name no destination');
    assert.deepEqual(contacts, [THEM, THEM, THEM]);
    assert.equal(requests.length, 1, 'keys are fetched once');
  });

  it('is refused where anything of it is not what was signed', async () => {
    const { check, contacts } = await rig();
    const cases: [string, InboundRequest][] = [
      ['no header', request([])],
      ['no readable header', request([], { authorization: ['X-Matrix what'] })],
      ['another method', request([{}], { method: 'POST' })],
      ['another target', request([{}], { target: '/_matrix/x?y=Z' })],
      ['another body', request([{ content: '{"a":1}' }], { content: '{"a":2}' })],
      ['a body that was not signed', request([{}], { content: '{}' })],
      ['a signed body that is not there', request([{ content: '{}' }])],
      ['another destination', request([{ destination: 'other.test' }])],
      ['our own name', request([{ origin: US }])],
      ['a retired key', request([{ signer: old }])],
      ['an unknown key', request([{ signer: keyOf(THEM, 1, 'ed25519:2') }])],
      ['a key of another', request([{ signer: keyOf(THEM, 3, key.keyId) }])],
      ['one wrong of two', request([{ signer: keyOf(THEM, 3, key.keyId) }, { signer: old }])],
    ];
    for (const [what, given] of cases) assert.equal(await check(given), '401 M_UNAUTHORIZED', what);
    assert.deepEqual(contacts, []);
    assert.equal(await check(request([{}, { signer: old }])), THEM, 'an unknown signature beside a good one');
  });

  it('has its body read only where somebody may have signed it', async () => {
    const { check } = await rig();
    let reads = 0;
    const content = async () => {
      reads += 1;
      return undefined;
    };
    const bad = [
      request([]),
      request([{ destination: 'other.test' }]),
      request([{ signer: keyOf(THEM, 1, 'ed25519:2') }]),
    ];
    for (const one of bad) assert.equal(await check({ ...one, content }), '401 M_UNAUTHORIZED');
    assert.equal(reads, 0);
    assert.equal(await check({ ...request([{}]), content }), THEM);
    assert.equal(reads, 1);
  });

  it('is refused where its key has run out and nobody tells a later time', async () => {
    const { check, clock } = await rig();
    assert.equal(await check(request([{}])), THEM);
    clock.advance(DAY + 1);
    assert.equal(await check(request([{}])), '401 M_UNAUTHORIZED');
    const renewed = await rig({ answer: () => published(START + 3 * DAY), clock, keys: new Map() });
    assert.equal(await renewed.check(request([{}])), THEM);
  });

  it('is refused where we do not talk with the server, or with any', async () => {
    for (const more of [{ isEnabled: false }, { allow: [] }, { allow: ['other.test'] }]) {
      const { check, requests, contacts } = await rig(more);
      assert.equal(await check(request([{}])), '403 M_FORBIDDEN');
      assert.deepEqual([requests.length, contacts.length], [0, 0]);
    }
    assert.equal(await (await rig({ allow: [THEM] })).check(request([{}])), THEM);
  });

  it('is taken soon after its server could not be asked for keys', async () => {
    let answer = (): HttpAnswer => {
      throw noAnswer();
    };
    const { check, clock } = await rig({ answer: () => answer() });
    assert.equal(await check(request([{}])), '401 M_UNAUTHORIZED');
    answer = published;
    clock.advance(1_000);
    assert.equal(await check(request([{}])), THEM);
  });
});
