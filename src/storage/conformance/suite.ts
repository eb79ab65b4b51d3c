import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Store } from '../../ports/store/index.ts';
import { ACCOUNT_CASES } from './accounts.ts';
import { VERDICT_CASES } from './event-verdicts.ts';
import { EVENT_CASES } from './events.ts';
import { FEDERATION_CASES } from './federation.ts';
import { KEY_CASES } from './keys.ts';
import { type Case, Kit } from './kit.ts';
import { MEDIA_CASES } from './media.ts';
import { PURGE_CASES } from './purge.ts';
import { ROOM_CASES } from './rooms.ts';
import { STATE_CASES } from './state.ts';
import { TRANSACTION_CASES } from './transactions.ts';
import { USER_DATA_CASES } from './user-data.ts';

/** Everything the Store port promises. */
export const CASES: readonly Case[] = [
  ...TRANSACTION_CASES,
  ...EVENT_CASES,
  ...VERDICT_CASES,
  ...STATE_CASES,
  ...ROOM_CASES,
  ...ACCOUNT_CASES,
  ...USER_DATA_CASES,
  ...KEY_CASES,
  ...MEDIA_CASES,
  ...FEDERATION_CASES,
  ...PURGE_CASES,
];

const OWNERS = ['events', 'rooms', 'accounts', 'userData', 'keys', 'media', 'federation', 'sync', 'purge'] as const;

/** Wraps an object so that the names of the methods that are called land in `called`. */
function watch<T extends object>(target: T, owner: string, called: Set<string>): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name, object);
      if (typeof value !== 'function') return value;
      called.add(`${owner}.${String(name)}`);
      return (...args: unknown[]): unknown => Reflect.apply(value, object, args);
    },
  });
}

function methodsOf(target: object, owner: string): string[] {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(target));
  return names.filter((name) => name !== 'constructor').map((name) => `${owner}.${name}`);
}

function watchOwners<T extends { readonly [owner in (typeof OWNERS)[number]]: object }>(
  target: T,
  kind: string,
  sets: { called: Set<string>; known: Set<string> },
): void {
  for (const owner of OWNERS) {
    const label = `${kind} ${owner}`;
    for (const method of methodsOf(target[owner], label)) sets.known.add(method);
    Object.defineProperty(target, owner, { value: watch(target[owner], label, sets.called) });
  }
}

/** Defines every case of the suite for one engine, and one that no method of the port was left out. */
export function defineConformance(engine: string, open: () => Promise<Store>): void {
  void describe(`the Store port on ${engine}`, { concurrency: false }, () => {
    const sets = { called: new Set<string>(), known: new Set<string>() };
    let opened: Promise<Kit> | undefined;
    const kit = (): Promise<Kit> => {
      opened ??= open().then((store) => {
        watchOwners(store, 'read', sets);
        const transact = store.transact.bind(store);
        store.transact = (plan) =>
          transact((one) => {
            watchOwners(one, 'write', sets);
            return plan(one);
          });
        return new Kit(store);
      });
      return opened;
    };
    for (const one of CASES) {
      void it(one.name, async () => {
        await one.run(await kit());
      });
    }
    void it('no method of the port is left out of this suite', async () => {
      await kit();
      assert.deepEqual(
        [...sets.known].filter((method) => !sets.called.has(method)),
        [],
      );
    });
    void it('closes, and takes nothing more', async () => {
      const { store } = await kit();
      await store.close();
      await assert.rejects(store.transact(() => undefined));
    });
  });
}
