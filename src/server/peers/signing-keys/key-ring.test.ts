import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { keyOf, type TestKey } from '../../../../test/fixtures/ed25519.ts';
import { answerOf, makePeers, noAnswer, type PeersSetup, serverName } from '../../../../test/harness/peers.ts';
import { encodeBase64 } from '../../../lib/base64.ts';
import { asObject, type JsonObject } from '../../../matrix/json.ts';
import { parseJson } from '../../../matrix/json-parse.ts';
import type { HttpAnswer, HttpRequest } from '../../../ports/http.ts';
import { signJson } from '../../../rules/signatures/sign.ts';
import type { WantedKeys } from '../index.ts';

// Names with a port: nobody is asked where they are.
const A = serverName('a.test:1');
const B = serverName('b.test:1');
const NOTARY = serverName('notary.test:1');
const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const a = keyOf(A, 1, 'ed25519:a');
const old = keyOf(A, 2, 'ed25519:old');
const notary = keyOf(NOTARY, 9, 'ed25519:n');

function publish(
  key: TestKey,
  { until = START + DAY, more = {} }: { until?: number; more?: JsonObject } = {},
): JsonObject {
  return signJson(
    {
      server_name: key.entity,
      valid_until_ts: until,
      verify_keys: { [key.keyId]: { key: encodeBase64(key.publicKey) } },
      ...more,
    },
    key,
  );
}

const retired = { old_verify_keys: { [old.keyId]: { key: encodeBase64(old.publicKey), expired_ts: START - DAY } } };

type Answers = Record<string, HttpAnswer | Error | (() => HttpAnswer | Promise<HttpAnswer>)>;

async function rig(answers: Answers, more: PeersSetup = {}) {
  const made = await makePeers({
    answer: (request) => {
      const answer = answers[request.destination.host] ?? noAnswer();
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer() : answer;
    },
    ...more,
  });
  const ask = async (...wanted: WantedKeys[]): Promise<(string | undefined)[]> => {
    const find = await made.peers.ensureKeys(wanted);
    return wanted.flatMap(({ server, keyIds }) =>
      keyIds.map((keyId) => {
        const key = find(server, keyId);
        return key && `${encodeBase64(key.publicKey)} ${key.validUntilTs - START} ${key.expiredTs ?? ''}`.trim();
      }),
    );
  };
  return { ...made, ask, answers };
}

const want = (server = A, keyId = a.keyId, more: Partial<WantedKeys> = {}): WantedKeys => ({
  server,
  keyIds: [keyId],
  ...more,
});
const told = (key: TestKey, time: number) => `${encodeBase64(key.publicKey)} ${time}`;

describe('keys of another server', () => {
  it('are fetched from it once, without a signature of ours, and kept in the store', async () => {
    const { ask, requests, keys } = await rig({ [A]: answerOf(publish(a, { more: retired })) });
    assert.deepEqual(await ask(want()), [told(a, DAY)]);
    assert.deepEqual(await ask(want(A, old.keyId)), [`${told(old, -DAY)} ${START - DAY}`]);
    assert.equal(requests.length, 1);
    const [request] = requests;
    assert.deepEqual([request?.method, request?.path], ['GET', '/_matrix/key/v2/server']);
    assert.equal(request?.headers?.['Authorization'], undefined);
    const again = await rig({}, { keys });
    assert.deepEqual(await again.ask(want()), [told(a, DAY)]);
    assert.equal(again.requests.length, 0);
  });

  it('are fetched once for all who want them at the same time', async () => {
    const { ask, requests } = await rig({ [A]: answerOf(publish(a)) });
    const all = await Promise.all(Array.from({ length: 20 }, () => ask(want(), want(A, 'ed25519:x'))));
    assert.ok(all.every(([first, second]) => first === told(a, DAY) && second === undefined));
    assert.equal(requests.length, 1);
  });

  it('are ours without asking anybody', async () => {
    const us = serverName('us.test');
    const oldSigningKeys = [{ keyId: old.keyId, publicKey: old.publicKey, expiredTs: START }];
    const { ask, requests, context } = await rig({}, { oldSigningKeys });
    const publicKey = encodeBase64(context.crypto.ed25519PublicKey(Buffer.alloc(32, 'us.test')));
    assert.deepEqual(await ask(want(us, 'ed25519:us'), want(us, old.keyId), want(us, 'ed25519:x')), [
      `${publicKey} ${DAY}`,
      `${told(old, 0)} ${START}`,
      undefined,
    ]);
    assert.equal(requests.length, 0);
  });

  it('are unknown where the answer is none, whatever it is instead', async () => {
    const bad: HttpAnswer[] = [
      answerOf({}),
      answerOf(Buffer.from('no json')),
      answerOf(publish(a), 404),
      answerOf(publish(keyOf(B, 1, a.keyId))),
      answerOf({ ...publish(a), valid_until_ts: START + 2 * DAY }),
      answerOf({ ...publish(a), signatures: {} }),
      answerOf({ ...publish(a), verify_keys: { [a.keyId]: { key: encodeBase64(old.publicKey) } } }),
    ];
    for (const answer of bad) {
      const { ask, keys } = await rig({ [A]: answer });
      assert.deepEqual(await ask(want()), [undefined]);
      assert.equal(keys.size, 0);
    }
  });

  it('have a limit in bytes and in time', async () => {
    const { ask, requests } = await rig({ [A]: answerOf(publish(a)) });
    await ask(want());
    assert.deepEqual([requests[0]?.bytesMax, requests[0]?.timeoutMs], [262_144, 20_000]);
  });

  it('of servers that we do not talk with are not asked for', async () => {
    const { ask, requests } = await rig({ [A]: answerOf(publish(a)) }, { allow: [B] });
    assert.deepEqual(await ask(want()), [undefined]);
    assert.equal(requests.length, 0);
  });
});

describe('keys are asked for anew', () => {
  it('where one that nobody knew is wanted, but not for every wish', async () => {
    const { ask, requests, clock, answers } = await rig({ [A]: answerOf(publish(a)) });
    await ask(want());
    const fresh = keyOf(A, 5, 'ed25519:fresh');
    answers[A] = answerOf(publish(fresh));
    for (let round = 0; round < 10; round += 1) assert.deepEqual(await ask(want(A, fresh.keyId)), [undefined]);
    assert.equal(requests.length, 1);
    clock.advance(10_000);
    assert.deepEqual(await ask(want(A, fresh.keyId)), [told(fresh, DAY)]);
    assert.deepEqual(await ask(want()), [told(a, DAY)], 'the one before is still known');
  });

  it('where they have to be valid later than they said', async () => {
    const { ask, requests, clock, answers } = await rig({ [A]: answerOf(publish(a)) });
    await ask(want());
    clock.advance(HOUR);
    const validAt = START + DAY + 1;
    answers[A] = answerOf(publish(a, { until: START + 3 * DAY }));
    await ask(want(A, a.keyId, { validAt: validAt - 1 }));
    assert.equal(requests.length, 1);
    assert.deepEqual(await ask(want(A, a.keyId, { validAt })), [told(a, 3 * DAY)]);
    assert.equal(requests.length, 2);
  });

  it('not for a time that no answer reaches: "the lesser of this field and 7 days into the future"', async () => {
    const { ask, requests, clock } = await rig({ [A]: answerOf(publish(a, { until: START + 30 * DAY })) });
    await ask(want());
    clock.advance(HOUR);
    await ask(want(A, a.keyId, { validAt: START + 9_999 * DAY }));
    assert.equal(requests.length, 1);
  });

  it('after failures later each time, up to an hour', async () => {
    const { ask, requests, clock } = await rig({});
    const minutes: number[] = [];
    for (let half = 0; half < 480; half += 1) {
      const before = requests.length;
      await ask(want());
      if (requests.length > before) minutes.push(half / 2);
      clock.advance(30_000);
    }
    assert.deepEqual(minutes, [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5, 123.5, 183.5]);
  });

  it('at once, or nearly, of a server that is known to be there', async () => {
    const { ask, requests, clock, answers } = await rig({});
    for (let round = 0; round < 5; round += 1) {
      await ask(want());
      clock.advance(HOUR);
    }
    await ask(want());
    const before = requests.length;
    answers[A] = answerOf(publish(a));
    assert.deepEqual(await ask(want()), [undefined]);
    assert.deepEqual(await ask(want(A, a.keyId, { isUrgent: true })), [undefined]);
    clock.advance(1_000);
    assert.deepEqual(await ask(want(A, a.keyId, { isUrgent: true })), [told(a, DAY)]);
    assert.equal(requests.length, before + 1);
  });

  /** Servers that do not answer until they are let go, and then are not there. */
  async function silent() {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { peers, requests } = await makePeers({
      answer: async () => {
        await gate;
        throw noAnswer();
      },
    });
    const ensure = (count: number, name: string, more: Partial<WantedKeys> = {}) =>
      peers.ensureKeys(
        Array.from({ length: count }, (_, index) => want(serverName(`${name}${index}.test:1`), a.keyId, more)),
      );
    const untilAsked = async (count: number): Promise<void> => {
      while (requests.length < count) await new Promise(setImmediate);
    };
    return { ensure, untilAsked, requests, release };
  }

  it('of a hundred servers at a time, and of all of them in the end', async () => {
    const { ensure, untilAsked, requests, release } = await silent();
    const all = ensure(250, 's');
    await untilAsked(100);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    assert.equal(requests.length, 100);
    release();
    await all;
    assert.equal(requests.length, 250);
  });

  it('of whom forged requests name within bounds, and not at the cost of events', async () => {
    const { ensure, untilAsked, requests, release } = await silent();
    const forged = ensure(1_000, 'forged', { isUrgent: true });
    await untilAsked(50);
    const events = ensure(1, 's');
    await untilAsked(51);
    assert.equal(requests.length, 51);
    release();
    await Promise.all([forged, events]);
    assert.equal(requests.length, 50 + 200 + 1);
  });
});

describe('notaries', () => {
  function vouch(...published: JsonObject[]): HttpAnswer {
    return answerOf({ server_keys: published.map((one) => signJson(one, notary)) });
  }

  /** A notary that publishes its keys and then answers one question after another. */
  function notaryOf(answer: (body: JsonObject) => HttpAnswer): (request: HttpRequest) => HttpAnswer {
    return ({ path, body }) => {
      if (path === '/_matrix/key/v2/server') return answerOf(publish(notary));
      return answer(asObject(parseJson(String(body))) ?? {});
    };
  }

  async function rigWith(answer: (body: JsonObject) => HttpAnswer, others: Answers = {}) {
    const asked: JsonObject[] = [];
    const respond = notaryOf((body) => {
      asked.push(body);
      return answer(body);
    });
    const made = await rig(others, {
      trustedKeyServers: [NOTARY],
      answer: (request) => {
        if (request.destination.host === NOTARY) return respond(request);
        const other = others[request.destination.host] ?? noAnswer();
        if (other instanceof Error) throw other;
        return typeof other === 'function' ? other() : other;
      },
    });
    return { ...made, asked };
  }

  it('are asked in one question for all servers that did not answer', async () => {
    const b = keyOf(B, 4, 'ed25519:b');
    const { ask, asked } = await rigWith(() => vouch(publish(a), publish(b)));
    assert.deepEqual(await ask(want(), want(B, b.keyId)), [told(a, DAY), told(b, DAY)]);
    const minimum = { minimum_valid_until_ts: START };
    assert.equal(
      JSON.stringify(asked),
      JSON.stringify([{ server_keys: { [A]: { [a.keyId]: minimum }, [B]: { [b.keyId]: minimum } } }]),
    );
  });

  it('are not asked where the server itself has answered', async () => {
    const { ask, asked } = await rigWith(() => vouch(), { [A]: answerOf(publish(a)) });
    assert.deepEqual(await ask(want()), [told(a, DAY)]);
    assert.deepEqual(asked, []);
  });

  it('count only with their signature and with that of the server', async () => {
    const forged = keyOf(NOTARY, 8, notary.keyId);
    const bad: HttpAnswer[] = [
      answerOf({ server_keys: [publish(a)] }),
      answerOf({ server_keys: [signJson(publish(a), forged)] }),
      vouch({ ...publish(a), signatures: {} }),
      vouch(publish(keyOf(B, 1, a.keyId))),
      vouch({ ...publish(a), server_name: B }),
      answerOf({ server_keys: [1, null, [], { server_name: A }] }),
      answerOf({ server_keys: {} }),
      answerOf(Buffer.from('{"server_keys":[{"server_name":"a.test:1","x":1.5}]}')),
      answerOf({}, 500),
    ];
    for (const answer of bad) {
      const { ask, keys } = await rigWith(() => answer);
      assert.deepEqual(await ask(want()), [undefined]);
      assert.ok([...keys.values()].every(({ server }) => server === NOTARY));
    }
  });

  it('never change what a server itself has told', async () => {
    const evil = keyOf(A, 7, a.keyId);
    const { ask, clock } = await rigWith(() => vouch(publish(evil, { until: START + HOUR })), {
      [A]: answerOf(publish(a, { more: retired })),
    });
    await ask(want());
    clock.advance(HOUR);
    assert.deepEqual(await ask(want(A, 'ed25519:unknown'), want(A, old.keyId)), [
      undefined,
      `${told(old, -DAY)} ${START - DAY}`,
    ]);
    assert.deepEqual(await ask(want()), [told(a, DAY)]);
  });

  it('in a silent world keep nobody from an answer', async () => {
    const { ask } = await rig({}, { trustedKeyServers: [NOTARY, serverName('us.test')] });
    assert.deepEqual(await ask(want()), [undefined]);
  });
});
