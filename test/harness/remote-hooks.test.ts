/** What tests do to others with a scripted server: replace, hold back, break; and what it says of what it was asked. */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { defer } from '../../src/lib/deferred.ts';
import type { JsonObject } from '../../src/matrix/json.ts';
import { loadOperations, findSpec } from '../../tools/spec/operations.ts';
import { DeviceKeys } from './keys.ts';
import { NameTable } from './remote/names.ts';
import { matchOperation, OPERATIONS } from './remote/operations.ts';
import { makeMembership, sendInvite } from './remote/handshakes.ts';
import { authorizationOf, parseAuthorization } from './remote/x-matrix.ts';
import { RemoteServer } from './remote-server.ts';

const names = new NameTable();
let resident: RemoteServer;
let other: RemoteServer;
let alice: string;
let bob: string;

before(async () => {
  resident = await RemoteServer.start({ name: 'remote.test', names });
  other = await RemoteServer.start({ name: 'other.test', names });
  alice = resident.user('alice');
  bob = other.user('bob');
});
after(async () => {
  await resident.stop();
  await other.stop();
});

const VERSION_PATH = '/_matrix/federation/v1/version';
const PROFILE_PATH = '/_matrix/federation/v1/query/profile';

suite('hooks of a scripted server', () => {
  test('replace an answer, the newest first, until they are taken out', async () => {
    const first = resident.on('getVersion', () => ({ status: 200, body: { server: { name: 'first' } } }));
    const second = resident.on('getVersion', async (_, next) => ({ ...(await next()), status: 201 }));
    const get = () => other.client.request({ destination: resident.name, method: 'GET', uri: VERSION_PATH });
    assert.equal((await get()).expect(201).get('server', 'name'), 'first');
    second();
    (await get()).expect(200);
    first();
    assert.equal((await get()).expect(200).get('server', 'name'), 'Scripted server');
  });

  test('hold an answer back until a promise resolves', async () => {
    const gate = defer<void>();
    const unhook = resident.on('getVersion', async (_, next) => {
      await gate.promise;
      return next();
    });
    const before = resident.requestsFor('getVersion').length;
    const answer = other.get(resident.name, VERSION_PATH);
    await resident.until(() => (resident.requestsFor('getVersion').length > before ? true : undefined));
    gate.resolve();
    assert.equal((await answer).status, 200);
    unhook();
  });

  test('break the connection before an answer and inside it', async () => {
    for (const cutAfter of [-1, 5]) {
      const unhook = resident.on('getVersion', async (_, next) => ({ ...(await next()), cutAfter }));
      await assert.rejects(other.get(resident.name, VERSION_PATH), /socket hang up|aborted|ECONNRESET/);
      unhook();
    }
  });

  test('go away and come back', async () => {
    await resident.pause();
    await assert.rejects(other.get(resident.name, VERSION_PATH), { code: 'ECONNREFUSED' });
    await resident.resume();
    assert.equal((await other.get(resident.name, VERSION_PATH)).status, 200);
  });

  test('answer with bytes that are no JSON', async () => {
    const unhook = resident.on('getVersion', () => ({ status: 200, bytes: Buffer.from('{"'), headers: {} }));
    const answer = await other.get(resident.name, VERSION_PATH);
    assert.equal(Buffer.from(answer.bytes).toString(), '{"');
    unhook();
  });

  test('a hook that fails is a failure of the test', async () => {
    const broken = await RemoteServer.start({ names });
    broken.on('getVersion', () => {
      throw new Error('a mistake in the test');
    });
    (await other.client.request({ destination: broken.name, method: 'GET', uri: VERSION_PATH })).expect(500);
    await assert.rejects(broken.stop(), AggregateError);
  });
});

suite('authentication by a scripted server', () => {
  const uri = `${PROFILE_PATH}?user_id=${encodeURIComponent('@alice:remote.test')}`;
  const facts = () => ({ method: 'GET', uri, origin: other.name, destination: resident.name });
  const ask = (authorization?: string) =>
    other.client.request({
      destination: resident.name,
      method: 'GET',
      uri,
      ...(authorization !== undefined && { authorization }),
    });

  test('tells who signed a request', async () => {
    (await ask()).expect(200);
    assert.deepEqual(resident.requests.at(-1)?.authentication, { origin: other.name });
  });

  test('is found by a port that the name itself tells', async () => {
    const third = await RemoteServer.start({ names: new NameTable() });
    assert.match(third.name, /^localhost:[0-9]+$/);
    (await other.get(third.name, VERSION_PATH)).expect(200);
    await third.stop();
  });

  test('covers the body', async () => {
    const body = { device_keys: {} };
    const request = {
      destination: resident.name,
      method: 'POST',
      uri: '/_matrix/federation/v1/user/keys/query',
    } as const;
    (await other.client.request({ ...request, body })).expect(200);
    const bytes = Buffer.from('{"device_keys":{"@alice:remote.test":[]}}');
    (await other.client.request({ ...request, body, bytes })).expect(401, 'M_UNAUTHORIZED');
  });

  test('refuses what is not signed well', async () => {
    (await ask('')).expect(401, 'M_UNAUTHORIZED');
    (await ask('X-Matrix origin=other.test')).expect(401);
    (await ask(authorizationOf({ ...facts(), destination: 'elsewhere.test' }, other.key))).expect(401);
    (await ask(authorizationOf({ ...facts(), uri: `${uri}0` }, other.key))).expect(401);
    (await ask(authorizationOf(facts(), { ...other.key, keyId: 'ed25519:none' }))).expect(401);
    (await ask(authorizationOf(facts(), { ...other.key, sign: resident.key.sign }))).expect(401);
  });

  test('refuses a retired key, whose events still count', async () => {
    const third = await RemoteServer.start({ name: 'third.test', names });
    const old = third.key;
    third.rotateKey();
    const signed = { ...facts(), origin: third.name };
    (await ask(authorizationOf(signed, old))).expect(401);
    (await ask(authorizationOf(signed, third.key))).expect(200);
    await third.stop();
  });
});

suite('the Authorization header', () => {
  test('is read in all its forms', () => {
    const read = parseAuthorization('x-matrix  Origin=a.test:80 , key="ed25519:\\1",sig=AAAA,more="x",destination="b"');
    assert.deepEqual(read, {
      origin: 'a.test:80',
      keyId: 'ed25519:1',
      signature: new Uint8Array(3),
      destination: 'b',
    });
    for (const bad of [
      undefined,
      'Bearer x',
      'X-Matrix',
      'X-Matrix origin="a",key="b",sig="c',
      'X-Matrix origin=a,origin=b',
    ]) {
      assert.equal(parseAuthorization(bad), undefined);
    }
  });
});

suite('a scripted server', () => {
  test('knows the operations of the specification', (t) => {
    const spec = findSpec();
    if (spec === undefined) {
      t.skip('no matrix-spec folder');
      return;
    }
    const paths = loadOperations(spec, ['server-server']).map(({ id, method, path }) => `${id} ${method} ${path}`);
    const ours = [...OPERATIONS].map(([id, path]) => `${id} ${path}`);
    const beyond = ours.filter((one) => !/^send(?:Join|Leave)V1 /.test(one));
    assert.deepEqual(beyond.toSorted(), paths.toSorted());
  });

  test('finds an operation by method and path', () => {
    assert.equal(matchOperation('GET', '/_matrix/federation/v1/query/profile')?.operation, 'queryProfile');
    assert.equal(matchOperation('GET', '/_matrix/federation/v1/query/custom')?.operation, 'queryInfo');
    assert.equal(matchOperation('POST', '/_matrix/federation/v1/query/profile'), undefined);
    const event = matchOperation('GET', '/_matrix/federation/v1/event/%24a%2Fb');
    assert.equal(event?.params.get('eventId'), '$a/b');
  });

  test('tells keys of others as a notary', async () => {
    const body = { server_keys: { [other.name]: {}, [resident.name]: {}, 'nobody.test': {} } };
    const answer = await other.post(resident.name, '/_matrix/key/v2/query', body);
    const found = answer.list('server_keys');
    assert.deepEqual(
      found.map((one) => one['server_name']),
      [other.name, resident.name],
    );
    assert.deepEqual(Object.keys(found[0]?.['signatures'] as JsonObject).toSorted(), [other.name, resident.name]);
  });
});

suite('the data of a scripted server', () => {
  test('gives devices and each one-time key once, then the fallback key', async () => {
    const keys = new DeviceKeys(alice, 'PHONE');
    const [oneTimeKeys, fallbackKeys] = [keys.keys(['1']), keys.keys(['2'])] as Record<string, JsonObject>[];
    const more = { displayName: 'Phone', oneTimeKeys: oneTimeKeys ?? {}, fallbackKeys: fallbackKeys ?? {} };
    resident.users.get(alice)?.setDevice('PHONE', keys.deviceKeys as JsonObject, more);
    const list = await other.get(resident.name, `/_matrix/federation/v1/user/devices/${encodeURIComponent(alice)}`);
    assert.equal(list.get('devices', 0, 'device_id'), 'PHONE');
    const claim = async () => {
      const body = { one_time_keys: { [alice]: { PHONE: 'signed_curve25519' } } };
      const answer = await other.post(resident.name, '/_matrix/federation/v1/user/keys/claim', body);
      return Object.keys(answer.object('one_time_keys', alice, 'PHONE'));
    };
    assert.deepEqual(await claim(), ['signed_curve25519:1']);
    assert.deepEqual(await claim(), ['signed_curve25519:2']);
    assert.deepEqual(await claim(), ['signed_curve25519:2']);
  });

  test('gives media in two parts', async () => {
    resident.media.set('pic', { bytes: Buffer.from('picture'), contentType: 'image/png', fileName: 'a.png' });
    const answer = await other.get(resident.name, '/_matrix/federation/v1/media/download/pic');
    const [, boundary] = /boundary=(.*)$/.exec(answer.headers.get('content-type') ?? '') ?? [];
    const parts = Buffer.from(answer.bytes).toString().split(`--${boundary}`);
    assert.equal(parts.length, 4);
    assert.match(parts[2] ?? '', /Content-Type: image\/png\r\n[^]*\r\n\r\npicture\r\n$/);
  });

  test('answers for aliases, published rooms and spaces', async () => {
    const room = resident.createRoom({ creator: alice, name: 'Child' });
    room.published = true;
    resident.aliases.set('#child:remote.test', room.roomId);
    const space = resident.createRoom({ creator: alice, createContent: { type: 'm.space' } });
    space.setState(alice, 'm.space.child', { via: [resident.name] }, { stateKey: room.roomId });
    const alias = await other.get(
      resident.name,
      `/_matrix/federation/v1/query/directory?room_alias=${encodeURIComponent('#child:remote.test')}`,
    );
    assert.deepEqual([alias.get('room_id'), alias.get('servers')], [room.roomId, [resident.name]]);
    const rooms = await other.get(resident.name, '/_matrix/federation/v1/publicRooms');
    assert.ok(rooms.list('chunk').some((one) => one['room_id'] === room.roomId));
    const uri = `/_matrix/federation/v1/hierarchy/${encodeURIComponent(space.roomId)}`;
    const tree = await other.get(resident.name, uri);
    assert.equal(tree.get('room', 'room_type'), 'm.space');
    assert.equal(tree.get('children', 0, 'name'), 'Child');
  });
});

suite('the judgement of a scripted server', () => {
  test('takes in what may stand, and only that', async () => {
    const room = resident.createRoom({ creator: alice });
    const theirs = await other.joinRemote({ destination: resident.name, roomId: room.roomId, user: bob });
    const hashed = room.build({ type: 'm.room.message', sender: alice, afterSigning: { content: { body: 'forged' } } });
    const unsigned = room.build({
      type: 'm.room.message',
      sender: alice,
      content: { body: 'x' },
      afterSigning: { signatures: {} },
    });
    const forged = room.build({ type: 'm.room.message', sender: bob });
    const lawless = room.build({ type: 'm.room.topic', sender: bob, stateKey: '', signers: [other.key] });
    const answer = await resident.send(other.name, { pdus: [hashed, unsigned, forged, lawless] });
    const results = answer.object('pdus') as Record<string, { error?: string }>;
    assert.equal(results[hashed.eventId]?.error, undefined);
    assert.deepEqual(Object.keys(theirs.event(hashed.eventId).content), []);
    assert.match(results[unsigned.eventId]?.error ?? '', /signature is missing/);
    assert.match(results[forged.eventId]?.error ?? '', /signature is missing/);
    assert.match(results[lawless.eventId]?.error ?? '', /may not send/);
    assert.equal(theirs.current('m.room.topic'), undefined);
  });

  test('passes on to others what one of them joins with', async () => {
    const third = await RemoteServer.start({ name: 'third.test', names });
    const room = resident.createRoom({ creator: alice });
    const join = { destination: resident.name, roomId: room.roomId };
    const theirs = await other.joinRemote({ ...join, user: bob });
    const carol = third.user('carol');
    await third.joinRemote({ ...join, user: carol });
    await other.until(() => (theirs.membership(carol) === 'join' ? true : undefined));
    resident.relays = false;
    const dave = third.user('dave');
    await third.joinRemote({ ...join, user: dave });
    assert.equal(room.membership(dave), 'join');
    assert.equal(theirs.membership(dave), 'leave');
    resident.relays = true;
    await third.stop();
  });

  test('refuses joins and invites that may not be', async () => {
    const room = resident.createRoom({ creator: alice, joinRule: 'invite' });
    const join = { destination: resident.name, roomId: room.roomId, user: bob };
    (await makeMembership(other, 'join', join)).expect(403, 'M_FORBIDDEN');
    const old = await makeMembership(other, 'join', { ...join, versions: ['1'] });
    assert.equal(old.expect(400, 'M_INCOMPATIBLE_ROOM_VERSION').get('room_version'), room.rules.version);
    (await makeMembership(other, 'join', { ...join, user: alice })).expect(403);
    const noInvite = { content: { membership: 'join' } };
    const { answer } = await sendInvite(resident, { room, sender: alice, user: bob, fields: noInvite });
    answer.expect(400, 'M_INVALID_PARAM');
  });
});
