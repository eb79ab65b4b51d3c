import assert from 'node:assert/strict';
import { present } from '../../lib/assert.ts';
import { type EventId, serverOf, type UserId } from '../../matrix/ids.ts';
import { ConflictError } from '../../ports/store/index.ts';
import { SENDING_CASES } from './federation-sending.ts';
import { type Case, failureOf, type Kit, type TestRoom } from './kit.ts';

/** Joins a user to a room; `local` is the user where it is one of this server. */
async function join(kit: Kit, room: TestRoom, user: UserId, local?: UserId): Promise<void> {
  const event = kit.store.allocateEvent();
  await kit.write((one) => {
    const entry = { type: 'm.room.member', stateKey: user, event, membership: 'join' } as const;
    one.rooms.setCurrentState(room.number, [entry]);
    if (local === undefined) return;
    const { number, roomId } = room;
    const place = { user: local, room: number, roomId, membership: 'join', event, position: one.position } as const;
    one.rooms.setMembership({ ...place, sender: local, strippedState: undefined });
  });
}

const RECEIVING: readonly Case[] = [
  {
    name: 'keys of servers',
    run: async (kit) => {
      const { federation } = kit.store;
      const [a, b] = [kit.serverName(), kit.serverName()];
      const key = {
        server: a,
        keyId: 'ed25519:1',
        publicKey: new Uint8Array(32).fill(200),
        validUntil: 2_000_000_000_000,
        isOld: false,
        json: '{"server_name":"x"}',
        fetchedAt: 5,
      };
      const others = [
        { ...key, keyId: 'ed25519:2', isOld: true },
        { ...key, server: b },
      ] as const;
      await kit.write((one) => {
        for (const each of [key, ...others]) one.federation.putServerKey(each);
      });
      const newer = { ...key, validUntil: 2_100_000_000_000, json: '{}', fetchedAt: 6 };
      await kit.write((one) => one.federation.putServerKey(newer));
      assert.deepEqual(await federation.getServerKeys([a]), [newer, others[0]]);
      assert.equal((await federation.getServerKeys([a, b, kit.serverName()])).length, 3);
      assert.deepEqual(await federation.getServerKeys([]), []);
    },
  },
  {
    name: 'a transaction that was answered keeps its first answer for its time',
    run: async (kit) => {
      const { federation } = kit.store;
      const origin = kit.serverName();
      const row = { origin, transactionId: 't1', response: '{"pdus":{}}', receivedAt: 1000 };
      await kit.write((one) => one.federation.putInboundTransaction(row));
      await kit.write((one) => one.federation.putInboundTransaction({ ...row, response: '"again"' }));
      assert.deepEqual(await federation.findInboundTransaction(origin, 't1'), row);
      assert.equal(await federation.findInboundTransaction(origin, 't2'), undefined);
      assert.equal(await federation.findInboundTransaction(kit.serverName(), 't1'), undefined);
      await kit.write((one) => one.federation.deleteInboundTransactionsBefore(1000));
      assert.notEqual(await federation.findInboundTransaction(origin, 't1'), undefined);
      await kit.write((one) => one.federation.deleteInboundTransactionsBefore(1001));
      assert.equal(await federation.findInboundTransaction(origin, 't1'), undefined);
    },
  },
  {
    name: 'backward extremities keep the lowest depth, and both forms of event id',
    run: async (kit) => {
      const { federation } = kit.store;
      const room = await kit.room();
      const [hash, name] = [kit.eventId(), '$old:a.example' as EventId];
      await kit.write((one) => {
        one.federation.addBackwardExtremity(room.number, hash, 9);
        one.federation.addBackwardExtremity(room.number, hash, 4);
        one.federation.addBackwardExtremity(room.number, hash, 7);
        one.federation.addBackwardExtremity(room.number, name, 1);
      });
      const found = await federation.listBackwardExtremities(room.number);
      assert.deepEqual(
        new Map(found.map((one) => [one.eventId, one.depth])),
        new Map([
          [hash, 4],
          [name, 1],
        ]),
      );
      await kit.write((one) => {
        one.federation.removeBackwardExtremities(room.number, [hash]);
        one.federation.removeBackwardExtremities(room.number, []);
      });
      assert.deepEqual(await federation.listBackwardExtremities(room.number), [{ eventId: name, depth: 1 }]);
    },
  },
  {
    name: 'rooms whose state is still being fetched',
    run: async (kit) => {
      const { federation } = kit.store;
      const room = await kit.room();
      const record = {
        room: room.number,
        joinEvent: kit.eventId(),
        servers: [kit.serverName(), kit.serverName()],
        attempts: 0,
        retryAt: 5,
        since: 1_700_000_000_000,
        intervalMs: 0,
        nextServer: 0,
      };
      const later = { ...record, attempts: 1, retryAt: 9, since: 4, intervalMs: 2_000, nextServer: 1, servers: [] };
      const find = async () => (await federation.listPartialRooms()).filter((one) => one.room === room.number);
      await kit.write((one) => one.federation.putPartialRoom(record));
      await kit.write((one) => one.federation.putPartialRoom(later));
      assert.deepEqual(await find(), [later]);
      await kit.write((one) => one.federation.deletePartialRoom(room.number));
      assert.deepEqual(await find(), []);
    },
  },
];

const OTHERS: readonly Case[] = [
  {
    name: 'devices of users elsewhere',
    run: async (kit) => {
      const { federation } = kit.store;
      const [user, other] = [kit.user(), kit.user()];
      const device = (name: string, json: string | undefined, displayName?: string) => ({
        user,
        device: name as ReturnType<Kit['device']>,
        json,
        displayName,
      });
      const list = { user, streamId: undefined, stale: false };
      await kit.write((one) => {
        one.federation.putRemoteDeviceList(list);
        one.federation.replaceRemoteDevices(user, [device('OLD', '{}')]);
        one.federation.putRemoteDeviceList({ user: other, streamId: 3, stale: true });
      });
      const rows = [device('A', '{"a":1}', 'Phone'), device('B', undefined)];
      await kit.write((one) => one.federation.replaceRemoteDevices(user, rows));
      assert.deepEqual(await federation.getRemoteDevices([user, other]), rows);
      await kit.write((one) => {
        one.federation.putRemoteDevice(device('B', '{"b":1}'));
        one.federation.deleteRemoteDevice(user, device('A', '').device);
        one.federation.putRemoteDeviceList({ ...list, streamId: 12 });
      });
      assert.deepEqual(await federation.getRemoteDevices([user]), [device('B', '{"b":1}')]);
      assert.deepEqual(await federation.getRemoteDeviceLists([user]), [{ ...list, streamId: 12 }]);
      assert.equal((await federation.getRemoteDeviceLists([user, other])).length, 2);
      await kit.write((one) => one.federation.deleteRemoteDeviceList(user));
      assert.deepEqual(await federation.getRemoteDevices([user]), []);
      assert.deepEqual(await federation.getRemoteDeviceLists([user]), []);
      assert.deepEqual(await federation.getRemoteDevices([]), []);
      assert.deepEqual(await federation.getRemoteDeviceLists([]), []);
    },
  },
  {
    name: 'the newest change of a device list',
    run: async (kit) => {
      const { federation } = kit.store;
      const user = kit.user();
      assert.equal(await federation.findDeviceListPosition(user), undefined);
      const oldest = await kit.write((one) => one.keys.noteDeviceListChange(user));
      const newest = await kit.write((one) => one.keys.noteDeviceListChange(user));
      await kit.write((one) => one.keys.noteDeviceListChange(kit.user()));
      assert.equal(await federation.findDeviceListPosition(user), newest);
      assert.equal(await federation.findDeviceListPosition(user, newest), oldest);
      const server = present(serverOf(user), 'a user has a server');
      assert.deepEqual(await federation.listLocalDeviceListChanges(server, oldest, newest), [user]);
      assert.deepEqual(await federation.listLocalDeviceListChanges(kit.serverName(), 0, newest), []);
    },
  },
  {
    name: 'which users and servers share rooms across servers',
    run: async (kit) => {
      const { federation } = kit.store;
      const [room, other] = [await kit.room(), await kit.room()];
      const { user } = await kit.account();
      const [server, elsewhere] = [kit.serverName(), kit.serverName()];
      const remote = `@remote:${server}` as UserId;
      await join(kit, room, user, user);
      await join(kit, room, remote);
      await join(kit, other, remote);
      await kit.write((one) => {
        one.federation.addRoomServer(room.number, server);
        one.federation.addRoomServer(other.number, server);
        one.federation.addRoomServer(other.number, elsewhere);
      });
      assert.deepEqual(await federation.listServersSharingRooms(user), [server]);
      assert.deepEqual(await federation.listServersSharingRooms(user, room.number), []);
      assert.deepEqual(await federation.listServersSharingRooms(kit.user()), []);
      assert.deepEqual(await federation.listRoomsWithRemoteUser(remote), [room.number], 'nobody here is in the other');
      assert.deepEqual(await federation.listRoomsWithRemoteUser(`@other:${server}` as UserId), []);
      await kit.write((one) => one.federation.removeRoomServer(room.number, server));
      assert.deepEqual(await federation.listServersSharingRooms(user), []);
    },
  },
  {
    name: 'lists that are to be fetched again, and keys that go with a list',
    run: async (kit) => {
      const { federation, keys } = kit.store;
      const [fresh, stale] = [kit.user(), kit.user()];
      await kit.write((one) => {
        one.federation.putRemoteDeviceList({ user: fresh, streamId: 1, stale: false });
        one.federation.putRemoteDeviceList({ user: stale, streamId: 1, stale: true });
        for (const user of [fresh, stale]) one.keys.setCrossSigningKey(user, 'master', '{}');
      });
      const listed = await federation.listStaleDeviceLists();
      assert.deepEqual([listed.includes(stale), listed.includes(fresh)], [true, false]);
      await kit.write((one) => one.federation.deleteRemoteDeviceList(stale));
      assert.deepEqual([...(await keys.getCrossSigningKeys([fresh, stale])).keys()], [fresh]);
      await kit.write((one) => one.keys.deleteCrossSigningKeys(fresh));
      assert.equal((await keys.getCrossSigningKeys([fresh, stale])).size, 0);
    },
  },
  {
    name: 'a to-device message is known again for its time',
    run: async (kit) => {
      const { federation } = kit.store;
      const origin = kit.serverName();
      await kit.write((one) => one.federation.recordReceivedMessage(origin, 'm1', 100));
      await kit.write((one) => one.federation.recordReceivedMessage(origin, 'm1', 200));
      assert.equal(await federation.hasReceivedMessage(origin, 'm1'), true);
      assert.equal(await federation.hasReceivedMessage(origin, 'm2'), false);
      assert.equal(await federation.hasReceivedMessage(kit.serverName(), 'm1'), false);
      await kit.write((one) => one.federation.deleteReceivedMessagesBefore(101));
      assert.equal(await federation.hasReceivedMessage(origin, 'm1'), false);
    },
  },
  {
    name: 'media of other servers: used, quarantined, unused, and counted as users of their file',
    run: async (kit) => {
      const { federation, media } = kit.store;
      const server = kit.serverName();
      const blob = `blob${kit.unique()}`;
      const record = (mediaId: string, usedAt: number) => ({
        server,
        mediaId,
        blob,
        sizeBytes: 10,
        contentType: 'image/png',
        fileName: undefined,
        fetchedAt: 1,
        usedAt,
        quarantined: false,
      });
      await kit.write((one) => {
        one.federation.putRemoteMedia(record('a', 1));
        one.federation.putRemoteMedia(record('b', 2));
        one.federation.putRemoteMedia({ ...record('c', 3), fileName: 'x.png' });
        const variant = { variant: '96x96-crop', blob, contentType: 'image/png', sizeBytes: 2 };
        one.media.putThumbnail({ mediaId: `${server}/a`, ...variant });
      });
      assert.deepEqual(await federation.findRemoteMedia(server, 'a'), record('a', 1));
      assert.equal(await federation.findRemoteMedia(kit.serverName(), 'a'), undefined);
      assert.equal(await media.countBlobUses(blob), 4);
      await kit.write((one) => {
        one.federation.setRemoteMediaUsed(server, 'b', 9);
        one.federation.setRemoteMediaQuarantined(server, 'c', true);
      });
      assert.equal((await federation.findRemoteMedia(server, 'c'))?.quarantined, true);
      const unused = async (before: number, limit = 9) =>
        (await federation.listRemoteMediaUnused(before, limit)).map((one) => one.mediaId);
      assert.deepEqual(await unused(9), ['a']);
      assert.deepEqual(await unused(10), ['a', 'b']);
      assert.deepEqual(await unused(10, 1), ['a']);
      await kit.write((one) => one.federation.deleteRemoteMedia(server, 'a'));
      assert.equal(await federation.findRemoteMedia(server, 'a'), undefined);
      assert.equal(await media.findThumbnail(`${server}/a`, '96x96-crop'), undefined);
      assert.equal(await media.countBlobUses(blob), 2);
      const failure = await failureOf(kit.store, (one) => {
        one.federation.setRemoteMediaQuarantined(server, 'a', true);
      });
      assert.ok(failure instanceof ConflictError);
    },
  },
  {
    name: 'OpenID tokens until they expire',
    run: async (kit) => {
      const { federation } = kit.store;
      const [user, tokenHash] = [kit.user(), new Uint8Array(32).fill(kit.unique() % 256)];
      await kit.write((one) => one.federation.putOpenIdToken({ tokenHash, user, expiresAt: 50 }));
      assert.deepEqual(await federation.findOpenIdToken(tokenHash), { tokenHash, user, expiresAt: 50 });
      await kit.write((one) => one.federation.deleteOpenIdTokensBefore(51));
      assert.equal(await federation.findOpenIdToken(tokenHash), undefined);
    },
  },
];

export const FEDERATION_CASES: readonly Case[] = [...SENDING_CASES, ...RECEIVING, ...OTHERS];
