/** What a hostile server asks and sends, signed as it should be: the specification's error, and nothing has changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bulkPerspectivesKeyQuery } from '../../../src/matrix/api/server-server/bulkPerspectivesKeyQuery.ts';
import type { Endpoint } from '../../../src/matrix/api/declare.ts';
import { canonicalJson, CanonicalJsonError } from '../../../src/matrix/canonical-json.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json.ts';
import { JsonParseError, parsePduJson } from '../../../src/matrix/json-parse.ts';
import { federationRoutes, keyRoutes } from '../../../src/http/federation-api/index.ts';
import { Stage } from '../../federation/stage.ts';
import type { Answer, Dict } from '../../harness/index.ts';
import type { SignedRequest } from '../../harness/remote/client.ts';
import { Seeded } from '../sync/actions.ts';
import { brokenBodies, type Mutant, valueMutants, wholeMutants } from './mutants.ts';
import { rowCounts } from './rows.ts';
import { pathOf, type Scene, type Target, targetOf } from './targets.ts';

const SEED = Number(process.env['POSTERN_SEED'] ?? '1');
/** Mutants of each body; 0 for all. */
const PICK = Number(process.env['POSTERN_HOSTILE'] ?? '30');
/** A request that keeps the server busy, not one that a busy machine keeps waiting. */
const SLOW_MS = 10_000;
/** Those may be asked for what is far away: a server that nobody finds is no fault of ours. */
const GATEWAY = new Set([502, 504]);

const stage = new Stage();

function endpoints(): Endpoint[] {
  const { services } = stage.alpha.running;
  return [...federationRoutes(services), ...keyRoutes(services)].map((one) => one.endpoint);
}

function pick(all: readonly Mutant[], random: Seeded): readonly Mutant[] {
  if (PICK === 0 || all.length <= PICK) return all;
  return Array.from({ length: PICK }, () => random.pick(all));
}

/** The request with the text as its body, signed over what the text says where it says anything. */
function signed(endpoint: Endpoint, uri: string, body: Mutant['body'] | undefined): SignedRequest {
  const method = endpoint.method as SignedRequest['method'];
  const request = { destination: 'alpha.test', method, uri };
  if (body === undefined) return request;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return { ...request, bytes, body: valueOf(bytes) ?? {}, headers: { 'Content-Type': 'application/json' } };
}

/** What can be signed of a text. */
function valueOf(bytes: Uint8Array): JsonValue | undefined {
  try {
    const { value } = parsePduJson(bytes);
    canonicalJson(value, { rawNumbers: true });
    return value;
  } catch (error) {
    if (error instanceof JsonParseError || error instanceof CanonicalJsonError) return undefined;
    throw error;
  }
}

async function ask(request: SignedRequest, what: string): Promise<{ answer: Answer; found: string[] }> {
  const started = performance.now();
  const answer = await stage.mallory.client.request(request);
  const ms = performance.now() - started;
  const told = `${what} → ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 160)}`;
  const found: string[] = [];
  if (answer.status >= 500 && !GATEWAY.has(answer.status)) found.push(`5xx: ${told}`);
  if (ms > SLOW_MS) found.push(`slow (${Math.round(ms)} ms): ${told}`);
  const { errcode, error } = (answer.body ?? {}) as Dict;
  if (answer.status >= 400 && (typeof errcode !== 'string' || typeof error !== 'string'))
    found.push(`no error: ${told}`);
  return { answer, found };
}

interface Given {
  readonly target: Target;
  readonly body: Dict | undefined;
}

/** Every operation with a request that is in order, as a server may ask whose user is in the room. */
async function givens(): Promise<{ all: Given[]; check: () => Promise<void> }> {
  const { alice, room, user } = await stage.scene();
  const event = room.message(user, 'a target');
  await stage.push(event);
  const scene: Scene = { user: alice, room: room.roomId, event: event.eventId };
  const invite = room.build({
    type: 'm.room.member',
    sender: user,
    stateKey: alice.id,
    content: { membership: 'invite' },
  });
  const edu = { edu_type: 'm.typing', content: { room_id: room.roomId, user_id: user, typing: true } };
  const special: Readonly<Record<string, JsonObject>> = {
    sendTransaction: { origin: stage.mallory.name, origin_server_ts: 1, pdus: [], edus: [edu] },
    sendJoinV2: event.json,
    sendLeaveV2: event.json,
    sendKnock: event.json,
    sendInviteV1: invite.json,
    sendInviteV2: { event: invite.json, invite_room_state: [], room_version: room.rules.version },
    getMissingPreviousEvents: {
      earliest_events: [event.eventId],
      latest_events: [event.eventId],
      limit: 5,
      min_depth: 0,
    },
    queryUserEncryptionKeys: { device_keys: { [alice.id]: [] } },
    claimUserEncryptionKeys: { one_time_keys: { [alice.id]: { [alice.device]: 'signed_curve25519' } } },
    bulkPerspectivesKeyQuery: { server_keys: { 'alpha.test': { 'ed25519:x': { minimum_valid_until_ts: 1 } } } },
    askPolicyServerToSign: event.json,
  };
  const all = endpoints().map((endpoint) => {
    const target = targetOf(endpoint, scene);
    const body = endpoint.body === undefined ? undefined : ((special[endpoint.id] ?? target.full) as Dict);
    return { target, body };
  });
  return { all, check: () => stage.assertStillSound(alice, room) };
}

test('every server-server operation: wrong types, missing fields, hostile values (adv-101, adv-102)', async () => {
  const random = new Seeded(SEED);
  const { all, check } = await givens();
  const found: string[] = [];
  for (const { target, body } of all) {
    if (body === undefined) continue;
    for (const mutant of [...wholeMutants(body), ...pick(valueMutants(body, body), random)]) {
      const what = `${target.endpoint.id} ${mutant.name}`;
      found.push(...(await ask(signed(target.endpoint, pathOf(target), mutant.body), what)).found);
    }
  }
  assert.deepEqual(found, []);
  await check();
});

test('every kind of EDU with wrong types harms no other (adv-026, adv-048)', async () => {
  const random = new Seeded(SEED);
  const { alice, room, user } = await stage.scene();
  const device = { user_id: user, device_id: 'D', stream_id: 1, prev_id: [], deleted: false, keys: { user_id: user } };
  const contents: Readonly<Record<string, JsonObject>> = {
    'm.typing': { room_id: room.roomId, user_id: user, typing: true },
    'm.presence': { push: [{ user_id: user, presence: 'online', last_active_ago: 1, currently_active: true }] },
    'm.receipt': { [room.roomId]: { 'm.read': { [user]: { data: { ts: 1 }, event_ids: ['$x'] } } } },
    'm.device_list_update': device,
    'm.signing_key_update': { user_id: user, master_key: { usage: ['master'], keys: {} } },
    'm.direct_to_device': { sender: user, type: 'm.test', message_id: 'm', messages: { [alice.id]: { '*': {} } } },
  };
  const found: string[] = [];
  for (const [edu_type, content] of Object.entries(contents)) {
    const outer = { edu_type, content };
    const mutants = [...wholeMutants(content), ...pick(valueMutants(content, content), random)].map((one) => ({
      name: one.name,
      edu: `{"edu_type":${JSON.stringify(edu_type)},"content":${String(one.body)}}`,
    }));
    const others = pick(valueMutants(outer, outer), random).map((one) => ({ name: one.name, edu: String(one.body) }));
    for (const { name, edu } of [...mutants, ...others]) {
      const text = `{"origin":"${stage.mallory.name}","origin_server_ts":1,"pdus":[],"edus":[${edu}]}`;
      const uri = `/_matrix/federation/v1/send/${encodeURIComponent(`${edu_type} ${name} ${random.below(1e9)}`)}`;
      const endpoint = { id: 'sendTransaction', method: 'PUT', path: uri } as Endpoint;
      found.push(...(await ask(signed(endpoint, uri, text), `${edu_type} ${name}`)).found);
    }
  }
  assert.deepEqual(found, []);
  const typing = { room_id: room.roomId, user_id: user, typing: true };
  await stage.mallory.send('alpha.test', { edus: [{ edu_type: 'm.typing', content: typing }] });
  assert.ok(JSON.stringify((await alice.sync()).body).includes('m.typing'));
  await stage.assertStillSound(alice, room);
});

test('every server-server operation: bodies that are no JSON object change nothing', async () => {
  const { all } = await givens();
  const before = await rowCounts(stage.alpha);
  const found: string[] = [];
  for (const { target, body } of all) {
    if (body === undefined) continue;
    for (const mutant of brokenBodies(body)) {
      const what = `${target.endpoint.id} ${mutant.name}`;
      const { answer, found: wrong } = await ask(signed(target.endpoint, pathOf(target), mutant.body), what);
      found.push(...wrong);
      if (answer.status < 400) found.push(`accepted: ${what}`);
    }
  }
  assert.deepEqual(found, []);
  assert.deepEqual(await rowCounts(stage.alpha), before);
});

test('every server-server operation: query and path parameters (adv-101, adv-102)', async () => {
  const hostile = [
    '',
    '%00',
    '%FF',
    'a'.repeat(8_000),
    '__proto__',
    '-1',
    '1e999',
    '9007199254740993',
    '%2e%2e%2f',
    '%',
  ];
  const { all, check } = await givens();
  const found: string[] = [];
  for (const { target, body } of all) {
    const { endpoint } = target;
    const names = Object.keys((endpoint.query as { properties?: object } | undefined)?.properties ?? {});
    const paths = [
      ...names.flatMap((name) => hostile.map((one) => `${pathOf(target)}?${name}=${one}`)),
      ...names.map((name) => `${pathOf(target)}?${name}=a&${name}=b&${name}[]=c`),
      ...[...target.parameters.keys()].flatMap((name) => hostile.map((one) => pathOf(target, new Map([[name, one]])))),
    ];
    for (const uri of paths) {
      const text = body === undefined ? undefined : JSON.stringify(body);
      found.push(...(await ask(signed(endpoint, uri, text), `${endpoint.id} ${uri.slice(0, 160)}`)).found);
    }
  }
  assert.deepEqual(found, []);
  await check();
});

test('every server-server operation: who has not signed gets nothing but the refusal', async () => {
  const { all } = await givens();
  const before = await rowCounts(stage.alpha);
  const open = new Set<string>();
  for (const { target, body } of all) {
    const { endpoint } = target;
    const text = body === undefined ? undefined : JSON.stringify(body);
    const request = { ...signed(endpoint, pathOf(target), text), authorization: '' };
    const { answer, found } = await ask(request, endpoint.id);
    assert.deepEqual(found, []);
    if (answer.status === 401) continue;
    open.add(endpoint.id);
  }
  // "Authentication: none" in the specification, and no other.
  const none = [
    'getServerKey',
    'getVersion',
    'exchangeOpenIdToken',
    'onBindThirdPartyIdentifier',
    'perspectivesKeyQuery',
  ];
  assert.deepEqual([...open].sort(), [...none, bulkPerspectivesKeyQuery.id].sort());
  assert.deepEqual(await rowCounts(stage.alpha), before);
});

test('sendTransaction: 50 PDUs and 100 EDUs, none more, and no body without end (adv-093)', async () => {
  const { alice, room, user } = await stage.scene();
  const edu = { edu_type: 'm.typing', content: { room_id: room.roomId, user_id: user, typing: true } };
  const send = async (pdus: readonly JsonValue[], edus: readonly JsonValue[]): Promise<Answer> => {
    const body = { origin: stage.mallory.name, origin_server_ts: 1, pdus: [...pdus], edus: [...edus] };
    const uri = `/_matrix/federation/v1/send/limit-${pdus.length}-${edus.length}`;
    return await stage.mallory.client.request({ destination: 'alpha.test', method: 'PUT', uri, body });
  };
  const events = Array.from({ length: 51 }, (_, index) => room.message(user, `number ${index}`));
  const texts = events.map((event) => event.json);
  const full = (await send(texts.slice(0, 50), Array<JsonValue>(100).fill(edu))).expect(200);
  assert.equal(Object.keys(full.get('pdus') as object).length, 50);
  for (const [pdus, edus] of [
    [51, 0],
    [0, 101],
    [5_000, 0],
    [0, 10_000],
  ] as const) {
    const many = Array<JsonValue>(pdus).fill(texts[50] ?? null);
    (await send(many, Array<JsonValue>(edus).fill(edu))).expect(413, 'M_TOO_LARGE');
  }
  assert.equal(await stage.statusOf(events[50]?.eventId ?? ''), undefined);
  const large = { padding: 'x'.repeat(200 * 65_536) };
  const uri = '/_matrix/federation/v1/send/large';
  const answer = await stage.mallory.client.request({ destination: 'alpha.test', method: 'PUT', uri, body: large });
  answer.expect(413, 'M_TOO_LARGE');
  await stage.assertStillSound(alice, room);
});
