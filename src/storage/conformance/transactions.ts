import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import type { UserId } from '../../matrix/ids.ts';
import { ConflictError, type StreamPosition } from '../../ports/store/index.ts';
import { type Case, failureOf } from './kit.ts';

/** The signing key every engine is opened with in the tests. */
export const TEST_KEY = { keyId: 'ed25519:test', seed: new Uint8Array(32).fill(9) };
/** Its public half. */
const TEST_PUBLIC_KEY = 'fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618';

const AWKWARD = [
  'nul \0 inside',
  '\u0001 and \u00010',
  "'; DROP TABLE events; --",
  '"quoted" \\ back % _ ? $1 @texts',
  '😀 é 中文 \u202E',
  '{"json":[1]}',
  ' ',
];

export const TRANSACTION_CASES: readonly Case[] = [
  {
    name: 'positions grow in the order of the calls, and are published in it',
    run: async (kit) => {
      const { store } = kit;
      const published: number[] = [];
      const before = store.position;
      const resolved: number[] = [];
      const calls = Array.from({ length: 50 }, () =>
        store
          .transact((one) => {
            one.accounts.setServerValue('order', String(one.position));
            one.onCommit(() => {
              assert.equal(store.position, one.position);
              published.push(one.position);
            });
            return one.position;
          })
          .then((position) => {
            assert.ok(published.includes(position), 'hooks run before the promise resolves');
            resolved.push(position);
          }),
      );
      await Promise.all(calls);
      const expected = Array.from({ length: 50 }, (_, index) => before + index + 1);
      assert.deepEqual(published, expected);
      assert.deepEqual(resolved, expected);
      assert.equal(store.position, before + 50);
      assert.equal(await store.accounts.findServerValue('order'), String(before + 50));
    },
  },
  {
    name: 'a transaction that fails writes nothing, and those around it stand',
    run: async (kit) => {
      const { store } = kit;
      const name = `isolation${kit.unique()}`;
      const set = (value: string): Promise<void> =>
        store.transact((one) => one.accounts.setServerValue(name + value, value));
      let ranHook = false;
      const bad = failureOf(store, (one) => {
        one.accounts.setServerValue(`${name}bad`, 'bad');
        one.onCommit(() => {
          ranHook = true;
        });
        one.accounts.setPassword(kit.user(), 'nobody');
      });
      const [first, failure, last] = await Promise.all([set('first'), bad, set('last')]);
      assert.deepEqual([first, last], [undefined, undefined]);
      assert.ok(failure instanceof ConflictError);
      assert.equal(ranHook, false);
      assert.equal(await store.accounts.findServerValue(`${name}bad`), undefined);
      assert.equal(await store.accounts.findServerValue(`${name}first`), 'first');
      assert.equal(await store.accounts.findServerValue(`${name}last`), 'last');
    },
  },
  {
    name: 'what builds on a transaction that fails fails with it, unwritten',
    run: async (kit) => {
      const { store } = kit;
      const name = `base${kit.unique()}`;
      let failed: Error | undefined;
      const base = failureOf(store, (one) => {
        one.accounts.setPassword(kit.user(), 'nobody');
        one.onFailure((error) => {
          failed = error;
        });
      });
      const onTop = failureOf(store, (one) => {
        one.dependOn(() => failed);
        one.accounts.setServerValue(name, 'built on nothing');
      });
      const [first, second] = await Promise.all([base, onTop]);
      assert.ok(first instanceof ConflictError);
      assert.equal(second, first);
      assert.equal(await store.accounts.findServerValue(name), undefined);
      await store.transact((one) => {
        one.dependOn(() => undefined);
        one.accounts.setServerValue(name, 'sound');
      });
      assert.equal(await store.accounts.findServerValue(name), 'sound');
    },
  },
  {
    name: 'a plan that throws writes nothing, and its error is the caller’s',
    run: async (kit) => {
      const { store } = kit;
      const name = `thrown${kit.unique()}`;
      const before = store.position;
      const failure = await failureOf(store, (one) => {
        one.accounts.setServerValue(name, 'x');
        throw new RangeError('planned');
      });
      assert.ok(failure instanceof RangeError);
      assert.equal(await store.accounts.findServerValue(name), undefined);
      assert.equal(store.position, before);
    },
  },
  {
    name: 'a hook that throws stops nobody',
    run: async (kit) => {
      const { store } = kit;
      const ran: string[] = [];
      const first = store.transact((one) => {
        one.accounts.setServerValue('hook', '1');
        one.onCommit(() => {
          throw new Error('a hook of the test');
        });
        one.onCommit(() => ran.push('second hook'));
      });
      const second = store.transact((one) => {
        one.onCommit(() => ran.push('next transaction'));
      });
      await Promise.all([first, second]);
      assert.deepEqual(ran, ['second hook', 'next transaction']);
    },
  },
  {
    name: 'a transaction may move on to further positions',
    run: async (kit) => {
      const { store } = kit;
      const user = kit.user();
      const positions = await store.transact((one): StreamPosition[] => {
        const first = one.position;
        one.userData.setAccountData(user, { room: undefined, type: 'a', content: '{"n":1}' });
        const second = one.advance();
        assert.equal(one.position, second);
        one.userData.setAccountData(user, { room: undefined, type: 'b', content: '{"n":2}' });
        return [first, second];
      });
      assert.equal(Number(positions[1]), Number(positions[0]) + 1);
      assert.equal(store.position, positions[1]);
      const rows = await store.userData.listAccountData(user, 0, store.position);
      assert.deepEqual(
        rows.map((row) => row.position),
        positions,
      );
    },
  },
  {
    name: 'numbers are never given twice',
    run: async (kit) => {
      const { store } = kit;
      const numbers = Array.from({ length: 100 }, () => store.allocateEvent());
      assert.equal(new Set(numbers).size, 100);
      assert.notEqual(store.allocateRoom(), store.allocateRoom());
      assert.notEqual(store.allocateLine(), store.allocateLine());
      await Promise.resolve();
    },
  },
  {
    name: 'adv-102 adv-106: awkward text comes back as it was, and is nothing but text',
    run: async (kit) => {
      const { store } = kit;
      const [user, room] = [kit.user(), await kit.room()];
      await store.transact((one) => {
        for (const text of AWKWARD) {
          const event = store.allocateEvent();
          one.accounts.setProfileField(user, text, JSON.stringify(text));
          one.userData.setAccountData(user, { room: undefined, type: text, content: JSON.stringify({ text }) });
          one.rooms.setCurrentState(room.number, [{ type: text, stateKey: text, event }]);
          one.keys.setDehydratedDevice((text + user) as UserId, kit.device(), text);
        }
      });
      const profile = await store.accounts.getProfile(user);
      assert.deepEqual(profile, new Map(AWKWARD.map((text) => [text, JSON.stringify(text)])));
      for (const text of AWKWARD) {
        const data = await store.userData.findAccountData(user, undefined, text);
        assert.equal(data?.content, JSON.stringify({ text }));
        const [entry] = await store.rooms.getCurrentState(room.number, [{ type: text, stateKey: text }]);
        assert.deepEqual([entry?.type, entry?.stateKey], [text, text]);
        const owner = (text + user) as UserId;
        assert.equal((await store.keys.findDehydratedDevice(owner))?.dataJson, text);
        assert.equal((await store.accounts.getProfiles([owner])).size, 0);
      }
      const users = AWKWARD.map((text) => (text + user) as UserId);
      await store.transact((one) => {
        for (const [index, one_] of users.entries()) one.accounts.setProfileField(one_, 'n', String(index));
      });
      assert.deepEqual(new Set((await store.accounts.getProfiles(users)).keys()), new Set(users));
      assert.ok((await store.rooms.getRooms([room.number])).length === 1, 'no table was dropped');
    },
  },
  {
    name: 'adv-102: a lone surrogate becomes U+FFFD, as UTF-8 demands',
    run: async (kit) => {
      const { store } = kit;
      const user = kit.user();
      await store.transact((one) => {
        one.accounts.putFilter(user, 'x\uD800y', 'a\uDFFFb');
        one.accounts.setProfileField(`${user}\uD800` as UserId, 'f', '1');
      });
      assert.equal(await store.accounts.findFilter(user, 'x\uFFFDy'), 'a\uFFFDb');
      assert.equal(await store.accounts.findFilter(user, 'x\uD800y'), 'a\uFFFDb');
      const profiles = await store.accounts.getProfiles([`${user}\uD800` as UserId]);
      assert.deepEqual([...profiles.keys()], [`${user}\uFFFD`]);
    },
  },
  {
    name: 'the writer signs an event of ours, and the finished text is canonical and verifies',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const content = '{"body":"tschüß 😀"}';
      const before = '{"auth_events":[],"content":';
      for (const state of ['', ',"state_key":""']) {
        const head = `${before}${content},"depth":7,"hashes":{"sha256":"x"},"sender":"@a:b"`;
        const json = `${head}${state},"type":"m.room.message"}`;
        const change = { json, contentStart: before.length, contentEnd: before.length + content.length };
        const sign = { keyId: TEST_KEY.keyId, serverName: 'b', insertAt: head.length, redactedContent: '{}' };
        const { eventId } = await kit.append(room, { ...change, sign });
        const signedText = '{"signed":"instead"}';
        const other = await kit.append(room, { ...change, sign: { ...sign, signedText } });
        for (const [id, message] of [
          [eventId, json.replace(content, '{}')],
          [other.eventId, signedText],
        ] as const) {
          const [event] = await store.events.getEvents([id]);
          const signature = /,"signatures":\{"b":\{"ed25519:test":"([A-Za-z0-9+/]{86})"\}\}/.exec(event?.json ?? '');
          assert.ok(signature?.[1] !== undefined);
          assert.equal(event?.json.replace(signature[0], ''), json);
          assert.deepEqual(
            Object.keys(JSON.parse(event.json) as object),
            Object.keys(JSON.parse(event.json) as object).sort(),
          );
          assert.equal(event.json.slice(event.contentStart, event.contentEnd), content);
          const der = Buffer.from(`302a300506032b6570032100${TEST_PUBLIC_KEY}`, 'hex');
          const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
          assert.ok(verify(null, Buffer.from(message), key, Buffer.from(signature[1], 'base64')));
        }
      }
    },
  },
];
