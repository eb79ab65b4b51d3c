/** A mock homeserver for the client's own tests: enough of the API to talk, encrypted, between two devices. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { slidingSync } from './sync.ts';
import { MockState, type Json, type MockDevice, type MockRoom, type MockUser } from './state.ts';

interface Call {
  readonly state: MockState;
  readonly method: string;
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  readonly body: Json;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly user: MockUser;
  readonly device: MockDevice;
}

type Route = (call: Call) => unknown;

class Refusal extends Error {
  readonly status: number;
  readonly body: Json;
  constructor(status: number, body: Json) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

function refuse(status: number, errcode: string): never {
  throw new Refusal(status, { errcode, error: errcode });
}

function roomOf({ state, parts }: Call, at: number): MockRoom {
  return state.rooms.get(parts[at] ?? '') ?? refuse(404, 'M_NOT_FOUND');
}

function grant(state: MockState, user: MockUser, name: unknown): Json {
  const device = state.addDevice(user, String(name ?? 'device'));
  return { user_id: user.userId, device_id: device.deviceId, access_token: device.token };
}

function checkPassword(call: Call): void {
  const auth = call.body['auth'] as Json | undefined;
  if (auth?.['password'] === call.user.password) return;
  throw new Refusal(401, { flows: [{ stages: ['m.login.password'] }], params: {}, session: 's' });
}

function register({ state, body }: Call): Json {
  const auth = body['auth'] as Json | undefined;
  if (state.users.has(`@${String(body['username'])}:mock.test`)) refuse(400, 'M_USER_IN_USE');
  if (!state.registrationTokens.has(String(auth?.['token']))) {
    throw new Refusal(401, { flows: [{ stages: ['m.login.registration_token'] }], params: {}, session: 's' });
  }
  const user = state.addUser(String(body['username']), String(body['password']));
  return grant(state, user, body['initial_device_display_name']);
}

function login({ state, body }: Call): Json {
  const name = String((body['identifier'] as Json)['user']);
  const user = state.users.get(name.startsWith('@') ? name : `@${name}:mock.test`);
  if (user === undefined || user.password !== body['password']) refuse(403, 'M_FORBIDDEN');
  return grant(state, user, body['initial_device_display_name']);
}

function createRoom({ state, user, body }: Call): Json {
  const roomId = `!${state.id()}:mock.test`;
  const room: MockRoom = {
    roomId,
    events: [],
    state: new Map(),
    receipts: new Map(),
    typing: { users: new Set(), stream: 0 },
  };
  state.rooms.set(roomId, room);
  const add = (type: string, content: Json) => state.append(room, user.userId, { type, state_key: '', content });
  add('m.room.create', { room_version: '11' });
  state.setMembership(room, user.userId, user.userId, 'join');
  add('m.room.power_levels', { users: { [user.userId]: 100 } });
  for (const one of (body['initial_state'] ?? []) as { type: string; content: Json }[]) add(one.type, one.content);
  if (body['name'] !== undefined) add('m.room.name', { name: body['name'] });
  const more = body['is_direct'] === true ? { is_direct: true } : {};
  for (const id of (body['invite'] ?? []) as string[]) state.setMembership(room, user.userId, id, 'invite', more);
  return { room_id: roomId };
}

function send(call: Call): Json {
  const { state, user, device, parts, body } = call;
  const room = roomOf(call, 1);
  const [type, txnId] = [parts[3] ?? '', parts[4] ?? ''];
  const known = state.transactions.get(`${device.deviceId} ${txnId}`);
  if (known !== undefined) return { event_id: known };
  const event = state.append(room, user.userId, { type, content: body, unsigned: { transaction_id: txnId } });
  Object.assign(event, { device: device.deviceId });
  state.transactions.set(`${device.deviceId} ${txnId}`, event.event_id);
  return { event_id: event.event_id };
}

function redact(call: Call): Json {
  const { state, user } = call;
  const room = roomOf(call, 1);
  const target = room.events.find((event) => event.event_id === call.parts[3]);
  if (target === undefined) refuse(404, 'M_NOT_FOUND');
  const redaction = state.append(room, user.userId, {
    type: 'm.room.redaction',
    content: { redacts: target.event_id },
  });
  target.content = {};
  target.unsigned = { redacted_because: { event_id: redaction.event_id } };
  return { event_id: redaction.event_id };
}

function messages(call: Call): Json {
  const room = roomOf(call, 1);
  const from = Number(call.query.get('from')?.slice(1) ?? Number.POSITIVE_INFINITY);
  const limit = Number(call.query.get('limit') ?? 10);
  const older = room.events.filter((event) => event.stream < from).toReversed();
  const chunk = older.slice(0, limit);
  return { start: `b${from}`, chunk, ...(older.length > limit ? { end: `b${chunk.at(-1)?.stream}` } : {}) };
}

function uploadKeys({ state, user, device, body }: Call): Json {
  if (body['device_keys'] !== undefined) {
    device.keys = body['device_keys'] as Json;
    user.keysStream = state.next();
  }
  for (const [id, key] of Object.entries((body['one_time_keys'] ?? {}) as Json)) device.oneTimeKeys.set(id, key);
  for (const [id, key] of Object.entries((body['fallback_keys'] ?? {}) as Json)) device.fallbackKeys.set(id, key);
  return { one_time_key_counts: { signed_curve25519: device.oneTimeKeys.size } };
}

function queryKeys({ state, user, body }: Call): Json {
  const answer: Record<string, Json> = {
    device_keys: {},
    master_keys: {},
    self_signing_keys: {},
    user_signing_keys: {},
  };
  for (const id of Object.keys(body['device_keys'] as Json)) {
    const found = state.users.get(id);
    if (found === undefined) continue;
    const devices = [...found.devices.values()].filter((device) => device.keys !== undefined);
    Object.assign(answer['device_keys'] ?? {}, { [id]: Object.fromEntries(devices.map((d) => [d.deviceId, d.keys])) });
    const { master, self_signing, user_signing } = found.crossSigning;
    if (master !== undefined) Object.assign(answer['master_keys'] ?? {}, { [id]: master });
    if (self_signing !== undefined) Object.assign(answer['self_signing_keys'] ?? {}, { [id]: self_signing });
    if (user_signing !== undefined && id === user.userId)
      Object.assign(answer['user_signing_keys'] ?? {}, { [id]: user_signing });
  }
  return answer;
}

function claimKeys({ state, body }: Call): Json {
  const answer: Record<string, Record<string, Json>> = {};
  for (const [userId, devices] of Object.entries(body['one_time_keys'] as Record<string, Json>)) {
    for (const deviceId of Object.keys(devices)) {
      const device = state.users.get(userId)?.devices.get(deviceId);
      const entry = [...(device?.oneTimeKeys ?? [])][0] ?? [...(device?.fallbackKeys ?? [])][0];
      if (device === undefined || entry === undefined) continue;
      device.oneTimeKeys.delete(entry[0]);
      answer[userId] = { ...answer[userId], [deviceId]: { [entry[0]]: entry[1] } };
    }
  }
  return { one_time_keys: answer };
}

function mergeSignatures(into: Json, from: Json): void {
  const target = (into['signatures'] ??= {}) as Record<string, Json>;
  for (const [userId, more] of Object.entries((from['signatures'] ?? {}) as Record<string, Json>)) {
    target[userId] = { ...target[userId], ...more };
  }
}

function uploadSignatures({ state, body }: Call): Json {
  for (const [userId, objects] of Object.entries(body as Record<string, Record<string, Json>>)) {
    const user = state.users.get(userId);
    for (const [id, object] of Object.entries(objects)) {
      const keys = user?.devices.get(id)?.keys;
      const master = user?.crossSigning.master;
      if (keys !== undefined) mergeSignatures(keys, object);
      else if (master !== undefined && Object.values(master['keys'] as Json).includes(id))
        mergeSignatures(master, object);
    }
    if (user !== undefined) user.keysStream = state.next();
  }
  return { failures: {} };
}

function uploadCrossSigning(call: Call): Json {
  const { user, body, state } = call;
  if (user.crossSigning.master !== undefined) checkPassword(call);
  user.crossSigning.master = body['master_key'] as Json;
  user.crossSigning.self_signing = body['self_signing_key'] as Json;
  user.crossSigning.user_signing = body['user_signing_key'] as Json;
  user.keysStream = state.next();
  return {};
}

function sendToDevice({ state, user, parts, body }: Call): Json {
  for (const [userId, devices] of Object.entries(body['messages'] as Record<string, Record<string, Json>>)) {
    for (const [deviceId, content] of Object.entries(devices)) {
      const found = state.users.get(userId)?.devices ?? new Map<string, MockDevice>();
      const targets = deviceId === '*' ? [...found.values()] : [found.get(deviceId)];
      for (const device of targets) {
        device?.toDevice.push({ stream: state.next(), event: { type: parts[1], sender: user.userId, content } });
      }
    }
  }
  return {};
}

function putRoomKeys({ user, body }: Call): Json {
  const backup = user.backup ?? refuse(404, 'M_NOT_FOUND');
  for (const [roomId, { sessions }] of Object.entries(
    body['rooms'] as Record<string, { sessions: Record<string, Json> }>,
  )) {
    const room = backup.rooms.get(roomId) ?? new Map<string, Json>();
    for (const [id, session] of Object.entries(sessions)) room.set(id, session);
    backup.rooms.set(roomId, room);
  }
  return { etag: '1', count: 1 };
}

function setAccountData({ state, user, parts, body }: Call, roomId?: string): Json {
  const type = parts.at(-1) ?? '';
  const row = { content: body, stream: state.next(), ...(roomId === undefined ? {} : { roomId }) };
  user.accountData.set(`${roomId ?? ''}\n${type}`, row);
  return {};
}

function setMembership(call: Call, membership: string): Json {
  const room = roomOf(call, 1);
  const target = String(call.body['user_id'] ?? call.user.userId);
  call.state.setMembership(room, call.user.userId, target, membership);
  return { room_id: room.roomId };
}

function upload({ state, bytes, contentType }: Call): Json {
  const mediaId = state.id();
  state.media.set(mediaId, { bytes, type: contentType });
  return { content_uri: `mxc://mock.test/${mediaId}` };
}

function download({ state, parts }: Call): Response {
  const media = state.media.get(parts.at(-1) ?? '') ?? refuse(404, 'M_NOT_FOUND');
  return new Response(media.bytes, { headers: { 'content-type': media.type } });
}

/** First words of the path (after the version), and the method; `*` stands for one part. */
const ROUTES: readonly [string, Route][] = [
  ['POST sync', ({ state, user, device, body }) => slidingSync(state, user, device, body)],
  ['POST createRoom', createRoom],
  ['POST join *', (call) => setMembership(call, 'join')],
  ['PUT rooms * send * *', send],
  ['PUT rooms * redact * *', redact],
  ['GET rooms * messages', messages],
  [
    'GET rooms * members',
    (call) => ({ chunk: [...roomOf(call, 1).state.values()].filter((e) => e.type === 'm.room.member') }),
  ],
  [
    'GET rooms * event *',
    (call) => roomOf(call, 1).events.find((e) => e.event_id === call.parts[3]) ?? refuse(404, 'M_NOT_FOUND'),
  ],
  ['POST rooms * invite', (call) => setMembership(call, 'invite')],
  ['POST rooms * leave', (call) => setMembership(call, 'leave')],
  ['POST rooms * kick', (call) => setMembership(call, 'leave')],
  ['PUT rooms * state * *', (call) => state(call)],
  ['PUT rooms * state *', (call) => state(call)],
  ['POST rooms * receipt * *', receipt],
  ['PUT rooms * typing *', typing],
  ['POST keys upload', uploadKeys],
  ['POST keys query', queryKeys],
  ['POST keys claim', claimKeys],
  ['POST keys signatures upload', uploadSignatures],
  ['POST keys device_signing upload', uploadCrossSigning],
  ['PUT sendToDevice * *', sendToDevice],
  [
    'GET room_keys version',
    ({ user }) =>
      user.backup === undefined
        ? refuse(404, 'M_NOT_FOUND')
        : { ...user.backup.body, version: user.backup.version, count: 0, etag: '0' },
  ],
  ['POST room_keys version', newBackup],
  ['PUT room_keys keys', putRoomKeys],
  [
    'GET room_keys keys *',
    ({ user, parts }) => ({ sessions: Object.fromEntries(user.backup?.rooms.get(parts[2] ?? '') ?? []) }),
  ],
  [
    'GET user * account_data *',
    ({ user, parts }) => user.accountData.get(`\n${parts[3]}`)?.content ?? refuse(404, 'M_NOT_FOUND'),
  ],
  ['PUT user * account_data *', (call) => setAccountData(call)],
  ['PUT user * rooms * tags *', () => ({})],
  ['DELETE user * rooms * tags *', () => ({})],
  [
    'GET devices',
    ({ user }) => ({
      devices: [...user.devices.values()].map((d) => ({
        device_id: d.deviceId,
        display_name: d.displayName,
        last_seen_ts: Date.now(),
      })),
    }),
  ],
  ['DELETE devices *', (call) => (checkPassword(call), call.user.devices.delete(call.parts[1] ?? ''), {})],
  ['PUT profile * *', ({ user, body }) => ((user.displayName = String(body['displayname'])), {})],
  ['POST user_directory search', search],
  ['POST upload', upload],
  ['GET media download * *', download],
  ['GET media thumbnail * *', download],
  ['POST logout', ({ state: all, device }) => (all.tokens.delete(device.token), {})],
];

const OPEN_ROUTES: readonly [string, Route][] = [
  ['GET profile *', ({ state: all, parts }) => ({ displayname: all.users.get(parts[1] ?? '')?.displayName })],
  ['POST login', login],
  ['POST register', register],
  [
    'GET register available',
    ({ state: all, query }) =>
      all.users.has(`@${query.get('username')}:mock.test`) ? refuse(400, 'M_USER_IN_USE') : { available: true },
  ],
  [
    'GET register m.login.registration_token validity',
    ({ state: all, query }) => ({ valid: all.registrationTokens.has(query.get('token') ?? '') }),
  ],
];

function state(call: Call): Json {
  const event = call.state.append(roomOf(call, 1), call.user.userId, {
    type: call.parts[3] ?? '',
    state_key: call.parts[4] ?? '',
    content: call.body,
  });
  return { event_id: event.event_id };
}

function receipt(call: Call): Json {
  const stream = call.state.next();
  roomOf(call, 1).receipts.set(call.user.userId, { eventId: call.parts[4] ?? '', ts: Date.now(), stream });
  return {};
}

function typing(call: Call): Json {
  const room = roomOf(call, 1);
  if (call.body['typing'] === true) room.typing.users.add(call.user.userId);
  else room.typing.users.delete(call.user.userId);
  room.typing.stream = call.state.next();
  return {};
}

function newBackup({ user, body, state: all }: Call): Json {
  const version = String(all.next());
  user.backup = { version, body, rooms: new Map() };
  return { version };
}

function search({ state: all, body, user }: Call): Json {
  const term = String(body['search_term']).toLowerCase();
  const found = [...all.users.values()].filter(
    (one) => one !== user && (one.userId.includes(term) || (one.displayName ?? '').toLowerCase().includes(term)),
  );
  return { limited: false, results: found.map((one) => ({ user_id: one.userId, display_name: one.displayName })) };
}

function matches(pattern: string, words: readonly string[]): boolean {
  const wanted = pattern.split(' ');
  return wanted.length === words.length && wanted.every((word, at) => word === '*' || word === words[at]);
}

/** Answers one request; the signature of `fetch`, so that Node tests need no socket. */
export async function answer(mock: MockState, url: string, init: RequestInit & { body?: unknown }): Promise<Response> {
  const { pathname, searchParams } = new URL(url);
  const path = pathname.replace(/^\/_matrix\/(?:client|media)\/(?:v\d|unstable\/[^/]+)\//, '');
  const parts = path.split('/').map(decodeURIComponent);
  const headers = new Headers(init.headers);
  const token = headers.get('authorization')?.replace('Bearer ', '');
  const who = token === undefined ? undefined : mock.tokens.get(token);
  const method = init.method ?? 'GET';
  const words = [method, ...parts];
  const raw =
    init.body instanceof Uint8Array ? new Uint8Array(init.body) : new Uint8Array(Buffer.from(String(init.body ?? '')));
  const isJson = headers.get('content-type') === 'application/json';
  const body = isJson ? (JSON.parse(Buffer.from(raw).toString()) as Json) : {};
  const call = {
    state: mock,
    method,
    parts,
    query: searchParams,
    body,
    bytes: raw,
    contentType: headers.get('content-type') ?? '',
    ...who,
  };
  try {
    const open = OPEN_ROUTES.find(([pattern]) => matches(pattern, words));
    const route = open ?? ROUTES.find(([pattern]) => matches(pattern, words));
    if (route === undefined) refuse(404, 'M_UNRECOGNIZED');
    if (open === undefined && who === undefined) refuse(401, 'M_UNKNOWN_TOKEN');
    const result = await route[1](call as Call);
    return result instanceof Response ? result : Response.json(result);
  } catch (error) {
    if (error instanceof Refusal) return Response.json(error.body, { status: error.status });
    throw error;
  }
}

async function readBody(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new Uint8Array(Buffer.concat(chunks));
}

/** Serves the mock on loopback; paths that are not Matrix's go to `fallback` (the web client's files). */
export async function serveMock(
  mock: MockState,
  fallback: (path: string) => Response,
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    void (async () => {
      const url = `http://mock${request.url ?? '/'}`;
      const headers = Object.fromEntries(Object.entries(request.headers).map(([k, v]) => [k, String(v)]));
      const isMatrix = (request.url ?? '').startsWith('/_matrix/');
      const init = { method: request.method ?? 'GET', headers, body: await readBody(request) };
      const result = isMatrix ? await answer(mock, url, init) : fallback(new URL(url).pathname);
      response.writeHead(result.status, Object.fromEntries(result.headers));
      response.end(Buffer.from(await result.arrayBuffer()));
    })().catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://localhost:${(server.address() as AddressInfo).port}` };
}
