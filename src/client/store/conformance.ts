/** The one suite that every implementation of the store must pass. */
import type { Store } from './store.ts';

export interface Check {
  readonly name: string;
  run(store: Store): Promise<void>;
}

function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(`store conformance: ${what}`);
}

function same(found: unknown, wanted: unknown, what: string): void {
  must(JSON.stringify(found) === JSON.stringify(wanted), `${what}: ${JSON.stringify(found)}`);
}

/** Every check, each on an empty store. */
export const CHECKS: readonly Check[] = [
  {
    name: 'finds what was put, and nothing else',
    async run(store) {
      await store.write(['meta'], async (one) => one.put('meta', ['a', 1], { x: [1] }));
      const found = await store.read(['meta'], async (one) => [
        await one.find('meta', ['a', 1]),
        await one.find('meta', ['a']),
      ]);
      same(
        found,
        [{ x: [1] }, null].map((value) => value ?? undefined),
        'values',
      );
    },
  },
  {
    name: 'lists by prefix, bounds, direction and limit, numbers in their order and before texts',
    async run(store) {
      const parts = [10, -3, 2, 'b', 'a', 'a\0'];
      await store.write(['meta'], async (one) => {
        for (const part of parts) one.put('meta', ['r', part], part);
        one.put('meta', ['r'], 'bare');
        one.put('meta', ['r2', 1], 'other');
        one.put('meta', ['q', 1], 'other');
      });
      await store.read(['meta'], async (one) => {
        const values = async (range: Parameters<typeof one.list>[1]) =>
          (await one.list('meta', range)).map((e) => e.value);
        same(await values({ prefix: ['r'] }), ['bare', -3, 2, 10, 'a', 'a\0', 'b'], 'all');
        same(await values({ prefix: ['r'], from: -3, to: 2 }), [-3, 2], 'bounds');
        same(await values({ prefix: ['r'], to: 10, from: -100, reverse: true, limit: 2 }), [10, 2], 'reverse');
        same(await values({ prefix: ['r'], from: 'a', limit: 1 }), ['a'], 'limit');
      });
    },
  },
  {
    name: 'a body that throws leaves no trace, and the next transaction works',
    async run(store) {
      await store.write(['meta'], async (one) => one.put('meta', ['k'], 1));
      const failed = await store
        .write(['meta', 'rooms'], async (one) => {
          one.put('meta', ['k'], 2);
          one.put('meta', ['new'], 2);
          one.remove('meta', ['k']);
          await one.find('meta', ['k']);
          throw new Error('stop');
        })
        .then(
          () => false,
          () => true,
        );
      must(failed, 'the error reaches the caller');
      same(await store.read(['meta'], (one) => one.list('meta', { prefix: [] })), [{ key: ['k'], value: 1 }], 'rows');
    },
  },
  {
    name: 'a transaction sees its own writes',
    async run(store) {
      await store.write(['meta'], async (one) => {
        one.put('meta', ['x', 1], 1);
        one.put('meta', ['x', 2], 2);
        one.remove('meta', ['x', 1]);
        same(
          (await one.list('meta', { prefix: ['x'] })).map((e) => e.value),
          [2],
          'own writes',
        );
      });
    },
  },
  {
    name: 'removes a range and erases all',
    async run(store) {
      await store.write(['meta', 'state'], async (one) => {
        for (const part of ['a', 'b']) one.put('meta', [part, 1], part);
        one.put('state', ['r', 't', ''], { type: 't', stateKey: '', sender: '@a:b', content: {} });
        one.removeRange('meta', ['a']);
      });
      same((await store.read(['meta'], (one) => one.list('meta', { prefix: [] }))).length, 1, 'one left');
      await store.erase();
      same(await store.read(['state'], (one) => one.list('state', { prefix: [] })), [], 'erased');
    },
  },
  {
    name: 'keeps bytes',
    async run(store) {
      await store.write(['blobs'], async (one) => one.put('blobs', ['b'], new Uint8Array([1, 2, 255])));
      const found = await store.read(['blobs'], (one) => one.find('blobs', ['b']));
      same([...(found ?? [])], [1, 2, 255], 'bytes');
    },
  },
];
