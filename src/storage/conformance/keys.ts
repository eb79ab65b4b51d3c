import assert from 'node:assert/strict';
import type { RoomId } from '../../matrix/ids.ts';
import { type BackupKeyRow, ConflictError, type StreamPosition } from '../../ports/store/index.ts';
import { type Case, failureOf } from './kit.ts';

export const KEY_CASES: readonly Case[] = [
  {
    name: 'device keys come with the device’s name',
    run: async (kit) => {
      const { store } = kit;
      const { user, device } = await kit.withDevice();
      await store.transact((one) => {
        one.keys.putDeviceKeys({ user, device, json: '{"v":1}' });
        one.keys.putDeviceKeys({ user, device, json: '{"v":2}' });
      });
      const rows = await store.keys.getDeviceKeys([user, kit.user()]);
      assert.deepEqual(rows, [{ user, device, json: '{"v":2}', displayName: 'Phone' }]);
      assert.deepEqual(await store.keys.getDeviceKeys([]), []);
    },
  },
  {
    name: 'one-time keys are handed out oldest first, and never twice',
    run: async (kit) => {
      const { store } = kit;
      const { keys } = store;
      const { user, device } = await kit.withDevice();
      const algorithm = 'signed_curve25519';
      const key = (name: string): { keyId: string; json: string } => ({
        keyId: `${algorithm}:${name}`,
        json: `{"k":"${name}"}`,
      });
      await store.transact((one) => {
        for (const name of ['Z', 'A', 'M']) one.keys.putOneTimeKey(user, device, key(name));
        one.keys.putOneTimeKey(user, device, { keyId: 'other:1', json: '{}' });
      });
      assert.deepEqual(
        await keys.countOneTimeKeys(user, device),
        new Map([
          [algorithm, 3],
          ['other', 1],
        ]),
      );
      assert.deepEqual(await keys.nextOneTimeKey(user, device, algorithm), key('Z'));
      assert.deepEqual(await keys.findOneTimeKey(user, device, `${algorithm}:M`), key('M'));
      const claim = (): Promise<void> =>
        store.transact((one) => one.keys.deleteOneTimeKey(user, device, `${algorithm}:Z`));
      const claims = await Promise.allSettled([claim(), claim()]);
      assert.deepEqual(
        claims.map((one) => one.status),
        ['fulfilled', 'rejected'],
      );
      assert.deepEqual(await keys.nextOneTimeKey(user, device, algorithm), key('A'));
      assert.equal(await keys.nextOneTimeKey(user, device, 'absent'), undefined);
      assert.equal(await keys.findOneTimeKey(user, device, `${algorithm}:Z`), undefined);
      const twice = await failureOf(store, (one) => {
        one.keys.putOneTimeKey(user, device, key('A'));
      });
      assert.ok(twice instanceof ConflictError);
    },
  },
  {
    name: 'a fallback key is replaced and marked as used',
    run: async (kit) => {
      const { store } = kit;
      const { user, device } = await kit.withDevice();
      await store.transact((one) => {
        one.keys.putFallbackKey(user, device, { keyId: 'signed_curve25519:1', json: '{}' });
        one.keys.setFallbackKeyUsed(user, device, 'signed_curve25519:1');
      });
      const used = await store.keys.getFallbackKeys(user, device);
      assert.deepEqual(used, [{ keyId: 'signed_curve25519:1', json: '{}', used: true }]);
      await store.transact((one) => {
        one.keys.putFallbackKey(user, device, { keyId: 'signed_curve25519:2', json: '{"n":2}' });
      });
      const fresh = await store.keys.getFallbackKeys(user, device);
      assert.deepEqual(fresh, [{ keyId: 'signed_curve25519:2', json: '{"n":2}', used: false }]);
    },
  },
  {
    name: 'cross-signing keys and signatures',
    run: async (kit) => {
      const { store } = kit;
      const [user, signer] = [kit.user(), kit.user()];
      const row = { target: user, targetKey: 'DEVICE', signer, signerKeyId: 'ed25519:S', signature: 'one' };
      await store.transact((one) => {
        one.keys.setCrossSigningKey(user, 'master', '{"v":1}');
        one.keys.setCrossSigningKey(user, 'master', '{"v":2}');
        one.keys.setCrossSigningKey(user, 'self_signing', '{}');
        one.keys.putKeySignature(row);
        one.keys.putKeySignature({ ...row, signature: 'two' });
      });
      const keys = await store.keys.getCrossSigningKeys([user, signer]);
      assert.deepEqual(
        keys,
        new Map([
          [
            user,
            new Map([
              ['master', '{"v":2}'],
              ['self_signing', '{}'],
            ]),
          ],
        ]),
      );
      assert.deepEqual(await store.keys.getKeySignatures([user]), [{ ...row, signature: 'two' }]);
      assert.equal((await store.keys.getCrossSigningKeys([])).size, 0);
      assert.deepEqual(await store.keys.getKeySignatures([]), []);
    },
  },
  {
    name: 'device-list changes are told for any range',
    run: async (kit) => {
      const { store } = kit;
      const [alice, bob] = [kit.user(), kit.user()];
      const note = (user: typeof alice): Promise<StreamPosition> =>
        store.transact((one) => {
          one.keys.noteDeviceListChange(user);
          one.keys.noteDeviceListChange(user);
          return one.position;
        });
      const start = store.position;
      const first = await note(alice);
      await note(bob);
      await note(alice);
      assert.deepEqual(await store.keys.listDeviceListChanges(bob, start, first), [alice]);
      assert.deepEqual(await store.keys.listDeviceListChanges(bob, first, store.position), [alice, bob].sort());
      assert.deepEqual(await store.keys.listDeviceListChanges(bob, store.position, store.position), []);
      const [signed, before] = [kit.user(), store.position];
      const sign = (signature: string): Promise<StreamPosition> =>
        store.transact((one) => {
          const names = { targetKey: 'key', signerKeyId: 'ed25519:a' };
          one.keys.putKeySignature({ target: signed, signer: alice, signature, ...names });
          return one.position;
        });
      const made = await sign('one');
      assert.deepEqual(await store.keys.listDeviceListChanges(alice, before, made), [signed]);
      assert.deepEqual(await store.keys.listDeviceListChanges(bob, before, made), []);
      const again = await sign('two');
      assert.deepEqual(await store.keys.listDeviceListChanges(alice, made, again), [signed]);
    },
  },
  {
    name: 'to-device messages come in order, are never split, and go when acknowledged',
    run: async (kit) => {
      const { store } = kit;
      const { user, device } = await kit.withDevice();
      const put = (...jsons: string[]): Promise<StreamPosition> =>
        store.transact((one) => {
          for (const json of jsons) one.keys.putToDevice(user, device, json);
          return one.position;
        });
      const [first, second, third] = [await put('"a"'), await put('"b"', '"c"'), await put('"d"')];
      const list = async (after: StreamPosition | 0, to: StreamPosition, limit: number): Promise<string[]> =>
        (await store.keys.listToDevice(user, device, { after, to, limit })).map((row) => row.json);
      assert.deepEqual(await list(0, store.position, 10), ['"a"', '"b"', '"c"', '"d"']);
      assert.deepEqual(await list(0, store.position, 2), ['"a"', '"b"', '"c"']);
      assert.deepEqual(await list(first, second, 10), ['"b"', '"c"']);
      assert.deepEqual(await list(0, store.position, 0), []);
      await store.transact((one) => {
        one.keys.deleteToDeviceUpTo(user, device, first);
        one.keys.deleteToDevice(user, device, [third]);
        one.keys.deleteToDevice(user, device, []);
      });
      assert.deepEqual(await list(0, store.position, 10), ['"b"', '"c"']);
      await store.transact((one) => {
        one.keys.recordToDeviceTransaction(user, device, 'm1', 1);
      });
      assert.equal(await store.keys.findToDeviceTransaction(user, device, 'm1'), true);
      assert.equal(await store.keys.findToDeviceTransaction(user, device, 'm2'), false);
      await store.transact((one) => {
        one.keys.recordToDeviceTransaction(user, device, 'm3', 5);
        one.keys.deleteToDeviceTransactionsBefore(5);
      });
      assert.equal(await store.keys.findToDeviceTransaction(user, device, 'm1'), false);
      assert.equal(await store.keys.findToDeviceTransaction(user, device, 'm3'), true);
    },
  },
  {
    name: 'a dehydrated device is replaced and deleted',
    run: async (kit) => {
      const { store } = kit;
      const user = kit.user();
      const [first, second] = [kit.device(), kit.device()];
      await store.transact((one) => {
        one.keys.setDehydratedDevice(user, first, '{"v":1}');
        one.keys.setDehydratedDevice(user, second, '{"v":2}');
      });
      assert.deepEqual(await store.keys.findDehydratedDevice(user), { device: second, dataJson: '{"v":2}' });
      await store.transact((one) => {
        one.keys.deleteDehydratedDevice(user);
      });
      assert.equal(await store.keys.findDehydratedDevice(user), undefined);
    },
  },
  {
    name: 'backup versions: the newest that is not deleted is current',
    run: async (kit) => {
      const { store } = kit;
      const user = kit.user();
      const version = { version: '9', algorithm: 'm.megolm', authData: '{}', etag: 0, deleted: false };
      await store.transact((one) => {
        one.keys.createBackupVersion(user, version);
        one.keys.createBackupVersion(user, { ...version, version: '10' });
        one.keys.setBackupAuthData(user, '10', '{"a":1}');
        one.keys.setBackupEtag(user, '10', 7);
      });
      const { keys } = store;
      const newest = { ...version, version: '10', authData: '{"a":1}', etag: 7 };
      assert.deepEqual(await keys.findBackupVersion(user), newest);
      await store.transact((one) => {
        one.keys.deleteBackupVersion(user, '10');
      });
      assert.deepEqual(await keys.findBackupVersion(user), version);
      assert.deepEqual(await keys.findBackupVersion(user, '10'), { ...newest, deleted: true });
      assert.equal(await keys.findNewestBackupVersion(user), '10');
      assert.equal(await keys.findNewestBackupVersion(kit.user()), undefined);
      assert.equal(await keys.findBackupVersion(user, '11'), undefined);
      const failure = await failureOf(store, (one) => {
        one.keys.setBackupEtag(user, '10', 8);
      });
      assert.ok(failure instanceof ConflictError);
    },
  },
  {
    name: 'backed-up keys by version, room and session',
    run: async (kit) => {
      const { store } = kit;
      const { keys } = store;
      const user = kit.user();
      const key = (room: string, sessionId: string): BackupKeyRow => ({
        roomId: room as RoomId,
        sessionId,
        firstMessageIndex: 1,
        forwardedCount: 0,
        verified: true,
        sessionData: '{}',
      });
      const scope = { user, version: '1' };
      await store.transact((one) => {
        one.keys.putBackupKey(user, '1', key('!a:b', 's1'));
        one.keys.putBackupKey(user, '1', key('!a:b', 's2'));
        one.keys.putBackupKey(user, '1', key('!c:d', 's1'));
        one.keys.putBackupKey(user, '1', { ...key('!c:d', 's1'), firstMessageIndex: 0, verified: false });
      });
      assert.equal((await keys.getBackupKeys(scope)).length, 3);
      assert.equal((await keys.getBackupKeys({ ...scope, roomId: '!a:b' as RoomId })).length, 2);
      const session = { ...scope, roomId: '!c:d' as RoomId, sessionId: 's1' };
      assert.deepEqual(await keys.getBackupKeys(session), [
        { ...key('!c:d', 's1'), firstMessageIndex: 0, verified: false },
      ]);
      assert.equal(await keys.countBackupKeys(user, '1'), 3);
      await store.transact((one) => {
        one.keys.deleteBackupKeys({ ...scope, roomId: '!a:b' as RoomId, sessionId: 's1' });
      });
      assert.equal(await keys.countBackupKeys(user, '1'), 2);
      await store.transact((one) => {
        one.keys.deleteBackupKeys({ ...scope, roomId: '!a:b' as RoomId });
      });
      assert.equal(await keys.countBackupKeys(user, '1'), 1);
      await store.transact((one) => {
        one.keys.deleteBackupKeys(scope);
      });
      assert.equal(await keys.countBackupKeys(user, '1'), 0);
    },
  },
];
