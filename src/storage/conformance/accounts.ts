import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { ConflictError, type RegistrationTokenRecord } from '../../ports/store/index.ts';
import { type Case, failureOf } from './kit.ts';

function hash(): Uint8Array {
  return new Uint8Array(randomBytes(32));
}

export const ACCOUNT_CASES: readonly Case[] = [
  {
    name: 'an account comes back as it was made and changed',
    run: async (kit) => {
      const { store } = kit;
      const account = await kit.account({ admin: true });
      assert.deepEqual(await store.accounts.findAccount(account.user), account);
      await store.transact((one) => {
        one.accounts.setPassword(account.user, undefined);
        one.accounts.setAccountFlags(account.user, { admin: false, locked: true, suspended: true, deactivated: true });
      });
      assert.deepEqual(await store.accounts.findAccount(account.user), {
        ...account,
        passwordHash: undefined,
        admin: false,
        locked: true,
        suspended: true,
        deactivated: true,
      });
      assert.equal(await store.accounts.findAccount(kit.user()), undefined);
      const nobody = await failureOf(store, (one) => {
        one.accounts.setPassword(kit.user(), 'x');
      });
      assert.ok(nobody instanceof ConflictError);
    },
  },
  {
    name: 'adv-085: of many registrations of one name at once exactly one wins',
    run: async (kit) => {
      const user = kit.user();
      const before = await kit.store.accounts.countAccounts();
      const tries = Array.from({ length: 100 }, (_, index) => kit.account({ user, passwordHash: String(index) }));
      const settled = await Promise.allSettled(tries);
      const won = settled.filter((one) => one.status === 'fulfilled');
      assert.equal(won.length, 1);
      assert.ok(settled.every((one) => one.status === 'fulfilled' || one.reason instanceof ConflictError));
      assert.equal(await kit.store.accounts.countAccounts(), before + 1);
      const [winner] = won;
      assert.equal((await kit.store.accounts.findAccount(user))?.passwordHash, winner?.value.passwordHash);
    },
  },
  {
    name: 'accounts are paged in order and searched by id and display name',
    run: async (kit) => {
      const { store } = kit;
      const [first, second] = [await kit.account(), await kit.account()];
      const name = `Ünïcode 100%_${kit.unique()}`;
      await store.transact((one) => {
        one.accounts.setProfileField(second.user, 'displayname', JSON.stringify(name));
      });
      const page = await store.accounts.pageAccounts({ limit: 1000 });
      const users = page.map((account) => account.user);
      assert.deepEqual(users, [...users].sort());
      const next = await store.accounts.pageAccounts({ after: first.user, limit: 1000 });
      assert.ok(next.every((account) => account.user > first.user));
      const found = await store.accounts.pageAccounts({ limit: 10, search: name.toUpperCase() });
      assert.deepEqual(
        found.map((account) => account.user),
        [second.user],
      );
      assert.deepEqual(await store.accounts.searchProfiles(name, 10), [second.user]);
      assert.deepEqual(await store.accounts.searchProfiles(first.user.slice(1, 9), 0), []);
      assert.ok((await store.accounts.searchProfiles(first.user, 10)).includes(first.user));
      assert.deepEqual(await store.accounts.searchProfiles('100%%', 10), []);
    },
  },
  {
    name: 'devices are put, named, seen and listed',
    run: async (kit) => {
      const { store } = kit;
      const { user, device } = await kit.withDevice();
      const base = { user, device, createdAt: 1, lastSeenAt: undefined, dehydrated: false };
      await store.transact((one) => {
        one.accounts.putDevice({ ...base, displayName: undefined });
        one.accounts.setDeviceSeen(user, device, 86_400_000);
      });
      const expected = { ...base, displayName: 'Phone', lastSeenAt: 86_400_000 };
      assert.deepEqual(await store.accounts.findDevice(user, device), expected);
      await store.transact((one) => {
        one.accounts.setDeviceName(user, device, 'Tablet');
      });
      assert.deepEqual(await store.accounts.listDevices(user), [{ ...expected, displayName: 'Tablet' }]);
      assert.equal(await store.accounts.findDevice(user, kit.device()), undefined);
    },
  },
  {
    name: 'what belongs to a device goes with it',
    run: async (kit) => {
      const { store } = kit;
      const { user, device } = await kit.withDevice();
      const room = await kit.room();
      const event = kit.event(room);
      const [access, refresh] = [hash(), hash()];
      const key = { keyId: 'signed_curve25519:A', json: '{}' };
      const transaction = { user, device, scope: 's', transactionId: 't' };
      const connection = { user, device, connection: 'c', pos: '1', state: '{}' };
      await store.transact((one) => {
        one.accounts.putAccessToken({ tokenHash: access, user, device, expiresAt: 5, refreshHash: refresh });
        one.accounts.putRefreshToken({ tokenHash: refresh, user, device, successorHash: undefined });
        one.keys.putDeviceKeys({ user, device, json: '{}' });
        one.keys.putOneTimeKey(user, device, key);
        one.keys.putFallbackKey(user, device, key);
        one.keys.putToDevice(user, device, '{}');
        one.keys.recordToDeviceTransaction(user, device, 't', 1);
        one.keys.setDehydratedDevice(user, device, '{}');
        one.events.append({ ...event, position: one.position });
        one.events.recordTransaction({ ...transaction, event: event.eventId, sentAt: 1 });
        one.sync.putConnection(connection, undefined);
      });
      const { accounts, keys } = store;
      assert.deepEqual((await accounts.findAccessToken(access))?.expiresAt, 5);
      await store.transact((one) => {
        one.accounts.deleteDevices(user, [device, kit.device()]);
        one.accounts.deleteDevices(user, []);
      });
      assert.deepEqual(await accounts.listDevices(user), []);
      assert.equal(await accounts.findAccessToken(access), undefined);
      assert.equal(await accounts.findRefreshToken(refresh), undefined);
      assert.deepEqual(await keys.getDeviceKeys([user]), []);
      assert.equal((await keys.countOneTimeKeys(user, device)).size, 0);
      assert.deepEqual(await keys.getFallbackKeys(user, device), []);
      assert.deepEqual(await keys.listToDevice(user, device, { after: 0, to: store.position, limit: 9 }), []);
      assert.equal(await keys.findToDeviceTransaction(user, device, 't'), false);
      assert.equal(await keys.findDehydratedDevice(user), undefined);
      assert.equal(await store.events.findByTransaction(transaction), undefined);
      assert.deepEqual(await store.sync.findConnection(user, device, 'c'), []);
    },
  },
  {
    name: 'access tokens are found by their hash alone, and deleted by device',
    run: async (kit) => {
      const { store } = kit;
      const { user, device } = await kit.withDevice();
      const [kept, lost, single] = [hash(), hash(), hash()];
      const token = { user, device, expiresAt: undefined, refreshHash: undefined };
      await store.transact((one) => {
        for (const tokenHash of [kept, lost, single]) one.accounts.putAccessToken({ ...token, tokenHash });
        one.accounts.deleteAccessToken(single);
      });
      const { accounts } = store;
      assert.equal(await accounts.findAccessToken(single), undefined);
      assert.deepEqual(await accounts.findAccessToken(kept), { ...token, tokenHash: kept });
      assert.equal(await accounts.findAccessToken(new Uint8Array(0)), undefined);
      await store.transact((one) => {
        one.accounts.deleteDeviceTokens(user, device, [kept]);
      });
      assert.notEqual(await accounts.findAccessToken(kept), undefined);
      assert.equal(await accounts.findAccessToken(lost), undefined);
      await store.transact((one) => {
        one.accounts.deleteDeviceTokens(user, device);
      });
      assert.equal(await accounts.findAccessToken(kept), undefined);
    },
  },
  {
    name: 'a refresh token retires its predecessors with their access tokens',
    run: async (kit) => {
      const { store } = kit;
      const { user, device } = await kit.withDevice();
      const [old, next, oldAccess, nextAccess] = [hash(), hash(), hash(), hash()];
      await store.transact((one) => {
        const { accounts } = one;
        accounts.putRefreshToken({ tokenHash: old, user, device, successorHash: undefined });
        accounts.putAccessToken({ tokenHash: oldAccess, user, device, expiresAt: 1, refreshHash: old });
        accounts.putRefreshToken({ tokenHash: next, user, device, successorHash: undefined });
        accounts.putAccessToken({ tokenHash: nextAccess, user, device, expiresAt: 1, refreshHash: next });
        accounts.setRefreshSuccessor(old, next);
      });
      const { accounts } = store;
      assert.deepEqual((await accounts.findRefreshToken(old))?.successorHash, next);
      await store.transact((one) => {
        one.accounts.retirePredecessors(next);
      });
      assert.equal(await accounts.findRefreshToken(old), undefined);
      assert.equal(await accounts.findAccessToken(oldAccess), undefined);
      assert.notEqual(await accounts.findAccessToken(nextAccess), undefined);
      await store.transact((one) => {
        one.accounts.deleteRefreshToken(next);
      });
      assert.equal(await accounts.findRefreshToken(next), undefined);
      assert.equal(await accounts.findAccessToken(nextAccess), undefined);
      const failure = await failureOf(store, (one) => {
        one.accounts.setRefreshSuccessor(old, next);
      });
      assert.ok(failure instanceof ConflictError);
    },
  },
  {
    name: 'a registration token has as many uses as it says',
    run: async (kit) => {
      const { store } = kit;
      const token: RegistrationTokenRecord = {
        token: `token${kit.unique()}`,
        createdAt: 1,
        createdBy: kit.user(),
        usesMax: 2,
        usesCompleted: 0,
        expiresAt: undefined,
        admin: true,
        rooms: ['!a:b', '!c:d'],
      };
      const endless = { ...token, token: `token${kit.unique()}`, usesMax: undefined, createdBy: undefined };
      const use = (name: string): Promise<void> => store.transact((one) => one.accounts.useRegistrationToken(name));
      await store.transact((one) => {
        one.accounts.putRegistrationToken(token);
        one.accounts.putRegistrationToken(endless);
      });
      const uses = await Promise.allSettled([1, 2, 3].map(() => use(token.token)));
      assert.deepEqual(
        uses.map((one) => one.status),
        ['fulfilled', 'fulfilled', 'rejected'],
      );
      for (let count = 0; count < 5; count += 1) await use(endless.token);
      const { accounts } = store;
      assert.deepEqual(await accounts.findRegistrationToken(token.token), { ...token, usesCompleted: 2 });
      assert.deepEqual(await accounts.findRegistrationToken(endless.token), { ...endless, usesCompleted: 5 });
      const listed = (await accounts.listRegistrationTokens()).map((one) => one.token);
      assert.ok(listed.includes(token.token) && listed.includes(endless.token));
      await store.transact((one) => {
        one.accounts.deleteRegistrationToken(token.token);
      });
      assert.equal(await accounts.findRegistrationToken(token.token), undefined);
    },
  },
  {
    name: 'profiles, filters and server values',
    run: async (kit) => {
      const { store } = kit;
      const { accounts } = store;
      const [alice, bob] = [kit.user(), kit.user()];
      await store.transact((one) => {
        one.accounts.setProfileField(alice, 'displayname', '"Alice"');
        one.accounts.setProfileField(alice, 'm.tz', '"Europe/Berlin"');
        one.accounts.setProfileField(bob, 'displayname', '"Bob"');
        one.accounts.putFilter(alice, '1', '{"room":{}}');
        one.accounts.setServerValue(alice, 'old');
        one.accounts.setServerValue(alice, 'new');
      });
      const both = new Map([
        ['displayname', '"Alice"'],
        ['m.tz', '"Europe/Berlin"'],
      ]);
      assert.deepEqual(await accounts.getProfile(alice), both);
      const profiles = await accounts.getProfiles([alice, bob, kit.user()]);
      assert.deepEqual(
        profiles,
        new Map([
          [alice, both],
          [bob, new Map([['displayname', '"Bob"']])],
        ]),
      );
      assert.equal((await accounts.getProfiles([])).size, 0);
      await store.transact((one) => {
        one.accounts.setProfileField(alice, 'm.tz', undefined);
        one.accounts.deleteProfile(bob);
      });
      assert.deepEqual(await accounts.getProfile(alice), new Map([['displayname', '"Alice"']]));
      assert.equal((await accounts.getProfile(bob)).size, 0);
      assert.equal(await accounts.findFilter(alice, '1'), '{"room":{}}');
      assert.equal(await accounts.findFilter(alice, '2'), undefined);
      assert.equal(await accounts.findServerValue(alice), 'new');
      assert.equal(await accounts.findServerValue('absent'), undefined);
    },
  },
];
