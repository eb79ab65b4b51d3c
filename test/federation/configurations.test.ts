/** What an owner may decide about other servers: how they are reached, which of them, none, and who cannot be. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type TestServer, type User, v3 } from '../harness/index.ts';
import { TestNetwork } from '../harness/network.ts';
import { tlsFile } from '../harness/tls.ts';
import { untilSeen } from './until.ts';

type Section = Readonly<Record<string, unknown>>;

/** Nobody listens there. */
const CLOSED_PORT = '127.0.0.1:1';

function pinOf(file: string): string {
  const key = new X509Certificate(readFileSync(file)).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(key).digest('base64')}`;
}

async function join(user: User, room: string, via: string) {
  return await user.call('POST', `${v3`/join/${room}`}?via=${via}`, {});
}

/** Everything that was said in a room, as a user reads it from the end. */
async function textsFor(user: User, room: string): Promise<string[]> {
  const { body } = await user.ok('GET', v3`/rooms/${room}/messages?dir=b&limit=50`);
  const { chunk } = body as { chunk: { content: { body?: string } }[] };
  return chunk.flatMap((event) => event.content.body ?? []).sort();
}

/** Starts servers, each with what `configOf` lays over the network's configuration, and ends them. */
async function withServers(
  names: readonly string[],
  configOf: (name: string, network: TestNetwork) => Readonly<Record<string, Section>>,
  use: (...servers: readonly TestServer[]) => Promise<void>,
): Promise<void> {
  const network = new TestNetwork();
  const servers = names.map((name) => network.server(name, { config: () => configOf(name, network) }));
  try {
    for (const server of servers) await server.start();
    await use(...servers);
  } finally {
    for (const server of servers) await server.finish();
  }
}

function byPins(network: TestNetwork, others: readonly string[], pin: string) {
  const connect = (name: string) => [`${network.addressOf(name)}:8448`];
  const overrides = Object.fromEntries(others.map((name) => [name, { connect: connect(name), pin }]));
  return { network: { hosts: {}, extraCa: [] }, federation: { overrides } };
}

async function talk(alice: User, bob: User, via: string): Promise<void> {
  const room = await alice.createRoom({ preset: 'private_chat', invite: [bob.id] });
  assert.equal((await join(bob, room, via)).status, 200);
  await untilSeen(bob, room, await alice.send(room, 'there'));
  await untilSeen(alice, room, await bob.send(room, 'and back'));
}

test('servers whose names nobody resolves and whose certificates nobody signed talk by address and pin', async () => {
  const names = ['alpha.test', 'beta.test'];
  const pin = pinOf(tlsFile('server.pem'));
  const configOf = (name: string, network: TestNetwork) =>
    byPins(
      network,
      names.filter((other) => other !== name),
      pin,
    );
  await withServers(names, configOf, async (...[alpha, beta]) => {
    assert.ok(alpha !== undefined && beta !== undefined);
    await talk(await alpha.register('alice'), await beta.register('bob'), 'alpha.test');
  });
});

test('a server with another key than the pinned one is not talked to', async () => {
  const names = ['alpha.test', 'beta.test'];
  const wrong = `sha256/${createHash('sha256').update('another key').digest('base64')}`;
  const configOf = (name: string, network: TestNetwork) =>
    byPins(
      network,
      names.filter((other) => other !== name),
      name === 'beta.test' ? wrong : pinOf(tlsFile('server.pem')),
    );
  await withServers(names, configOf, async (...[alpha, beta]) => {
    assert.ok(alpha !== undefined && beta !== undefined);
    const room = await (await alpha.register('alice')).createRoom({ preset: 'public_chat' });
    const refused = await join(await beta.register('bob'), room, 'alpha.test');
    assert.ok(refused.status >= 400, `${refused.status}`);
    assert.equal((refused.body as { errcode: string }).errcode, 'M_UNKNOWN');
  });
});

test('closed federation: those on the list talk, all others hear nothing and reach nothing', async () => {
  const configOf = (name: string) =>
    name === 'alpha.test' ? { federation: { allow: ['beta.test'] } } : ({} as Readonly<Record<string, Section>>);
  await withServers(['alpha.test', 'beta.test', 'gamma.test'], configOf, async (...[alpha, beta, gamma]) => {
    assert.ok(alpha !== undefined && beta !== undefined && gamma !== undefined);
    const [alice, bob] = [await alpha.register('alice'), await beta.register('bob')];
    const carol = await gamma.register('carol');
    await talk(alice, bob, 'alpha.test');

    const open = await alice.createRoom({ preset: 'public_chat', invite: [bob.id] });
    assert.ok((await join(carol, open, 'alpha.test')).status >= 400, 'gamma does not get in');
    const theirs = await carol.createRoom({ preset: 'public_chat' });
    assert.ok((await join(alice, theirs, 'gamma.test')).status >= 400, 'alpha does not go there');
    (await alice.call('POST', v3`/rooms/${open}/invite`, { user_id: carol.id })).expect(403, 'M_FORBIDDEN');
    const invited = await carol.call('POST', v3`/rooms/${theirs}/invite`, { user_id: alice.id });
    assert.ok(invited.status >= 400, 'nor is anybody of alpha invited from there');
    const profile = await carol.call('GET', v3`/profile/${alice.id}/displayname`);
    assert.ok(profile.status >= 400, 'no profile is told');

    // A third server brings them into one room: alpha tells gamma nothing, and takes nothing from it.
    assert.equal((await join(bob, open, 'alpha.test')).status, 200);
    assert.equal((await join(carol, open, 'beta.test')).status, 200);
    const fromCarol = await carol.send(open, 'do you hear me?');
    await untilSeen(bob, open, fromCarol);
    const fromAlice = await alice.send(open, 'for the list only');
    await untilSeen(bob, open, fromAlice);
    const fromBob = await bob.send(open, 'to both');
    await untilSeen(alice, open, fromBob);
    await untilSeen(carol, open, fromBob);
    const { outbound } = alpha.running.services.federation;
    assert.equal(
      await alpha.running.services.context.store.federation.findDestination('gamma.test' as never),
      undefined,
    );
    assert.ok(outbound.settled > 0);
  });
});

test('federation off: everything works among the users here, and everything beyond is refused at once', async () => {
  const configOf = (name: string) =>
    name === 'alpha.test' ? { federation: { enabled: false } } : ({} as Readonly<Record<string, Section>>);
  await withServers(['alpha.test', 'beta.test'], configOf, async (...[alpha, beta]) => {
    assert.ok(alpha !== undefined && beta !== undefined);
    const [alice, carol] = [await alpha.register('alice'), await alpha.register('carol')];
    const bob = await beta.register('bob');
    await talk(alice, carol, 'alpha.test');
    const room = await bob.createRoom({ preset: 'public_chat' });
    assert.ok((await join(alice, room, 'beta.test')).status >= 400);
    const own = await alice.createRoom({ preset: 'public_chat' });
    assert.ok((await join(bob, own, 'alpha.test')).status >= 400);
    (await alice.call('POST', v3`/rooms/${own}/invite`, { user_id: bob.id })).expect(403, 'M_FORBIDDEN');
    await untilSeen(alice, own, await alice.send(own, 'still here'));
  });
});

test('two servers that cannot reach each other hear each other through the history of a third', async () => {
  const cut: ReadonlyMap<string, string> = new Map([
    ['alpha.test', 'gamma.test'],
    ['gamma.test', 'alpha.test'],
  ]);
  // Keys of a server that cannot be reached are asked of one that can: "trusted key servers".
  const configOf = (name: string): Readonly<Record<string, Section>> => {
    const other = cut.get(name);
    if (other === undefined) return {};
    return { federation: { overrides: { [other]: { connect: [CLOSED_PORT] } }, trustedKeyServers: ['beta.test'] } };
  };
  await withServers(['alpha.test', 'beta.test', 'gamma.test'], configOf, async (...[alpha, beta, gamma]) => {
    assert.ok(alpha !== undefined && beta !== undefined && gamma !== undefined);
    const [alice, bob, carol] = [
      await alpha.register('alice'),
      await beta.register('bob'),
      await gamma.register('carol'),
    ];
    const room = await bob.createRoom({ preset: 'public_chat' });
    assert.equal((await join(alice, room, 'beta.test')).status, 200);
    assert.equal((await join(carol, room, 'beta.test')).status, 200);
    const fromCarol = await carol.send(room, 'from the other side');
    await untilSeen(bob, room, fromCarol);
    await untilSeen(bob, room, await alice.send(room, 'from this side'));
    // What bob says cites both: whoever misses one of them asks beta for it.
    const fromBob = await bob.send(room, 'I hear you both');
    await untilSeen(alice, room, fromBob);
    await untilSeen(carol, room, fromBob);
    const said = ['I hear you both', 'from the other side', 'from this side'];
    assert.deepEqual(await textsFor(alice, room), said);
    assert.deepEqual(await textsFor(carol, room), said);
  });
});

test('a server whose keys nobody gives does not end the room; what it said comes when somebody does', async () => {
  let isCut = true;
  const configOf = (name: string): Readonly<Record<string, Section>> =>
    isCut && name === 'alpha.test'
      ? { federation: { overrides: { 'gamma.test': { connect: [CLOSED_PORT] } }, retry: { initialMs: 3_600_000 } } }
      : {};
  await withServers(['alpha.test', 'beta.test', 'gamma.test'], configOf, async (...[alpha, beta, gamma]) => {
    assert.ok(alpha !== undefined && beta !== undefined && gamma !== undefined);
    const [alice, bob] = [await alpha.register('alice'), await beta.register('bob')];
    const carol = await gamma.register('carol');
    const room = await bob.createRoom({ preset: 'public_chat' });
    assert.equal((await join(alice, room, 'beta.test')).status, 200);
    // Gamma does not hear of alpha before it is in the room itself: what it says at first goes to beta alone.
    assert.equal((await join(carol, room, 'beta.test')).status, 200);
    await untilSeen(bob, room, await carol.send(room, 'unheard of'));
    await untilSeen(alice, room, await bob.send(room, 'one'));
    await untilSeen(alice, room, await bob.send(room, 'two'));
    await untilSeen(bob, room, await alice.send(room, 'three'));
    assert.deepEqual(await textsFor(alice, room), ['one', 'three', 'two']);
    isCut = false;
    await alpha.restart();
    assert.deepEqual(await textsFor(alice, room), ['one', 'three', 'two', 'unheard of']);
  });
});
