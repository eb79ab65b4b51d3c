/** The store of a browser: one object store per table, keys out of line. */
import { openDB, type IDBPDatabase, type IDBPTransaction } from 'idb';
import { TABLE_NAMES, type Rows, type TableName } from './records.ts';
import type { Entry, Key, Range, ReadTransaction, Store, WriteTransaction } from './store.ts';

const VERSION = 1;

type Mode = 'readonly' | 'readwrite';

/** Arrays sort after numbers and texts: `[...prefix, []]` is above every key that begins with `prefix`. */
function keyRange(range: Range): IDBKeyRange {
  const lower = range.from === undefined ? [...range.prefix] : [...range.prefix, range.from];
  const upper = range.to === undefined ? [...range.prefix, []] : [...range.prefix, range.to, []];
  return IDBKeyRange.bound(lower, upper);
}

class IndexedDbTransaction implements WriteTransaction {
  readonly #transaction: IDBPTransaction<unknown, string[], Mode>;

  constructor(transaction: IDBPTransaction<unknown, string[], Mode>) {
    this.#transaction = transaction;
  }

  async find<T extends TableName>(table: T, key: Key): Promise<Rows[T] | undefined> {
    return (await this.#transaction.objectStore(table).get([...key])) as Rows[T] | undefined;
  }

  async list<T extends TableName>(table: T, range: Range): Promise<Entry<T>[]> {
    const store = this.#transaction.objectStore(table);
    const query = keyRange(range);
    if (range.reverse !== true) {
      const [keys, values] = await Promise.all([
        store.getAllKeys(query, range.limit),
        store.getAll(query, range.limit),
      ]);
      return keys.map((key, at) => ({ key: key as KeyArray, value: values[at] as Rows[T] }));
    }
    const entries: Entry<T>[] = [];
    let cursor = await store.openCursor(query, 'prev');
    while (cursor !== null && entries.length < (range.limit ?? Number.POSITIVE_INFINITY)) {
      entries.push({ key: cursor.key as KeyArray, value: cursor.value as Rows[T] });
      cursor = await cursor.continue();
    }
    return entries;
  }

  put<T extends TableName>(table: T, key: Key, value: Rows[T]): void {
    this.#watch(this.#writable(table).put?.(value, [...key]));
  }

  remove(table: TableName, key: Key): void {
    this.#watch(this.#writable(table).delete?.([...key]));
  }

  removeRange(table: TableName, prefix: Key): void {
    this.#watch(this.#writable(table).delete?.(keyRange({ prefix })));
  }

  #writable(table: TableName) {
    return (this.#transaction as IDBPTransaction<unknown, string[], 'readwrite'>).objectStore(table);
  }

  /** A request that fails aborts the transaction, and `done` tells: its own rejection needs no second listener. */
  #watch(request: Promise<unknown>): void {
    request.catch(() => undefined);
  }
}

type KeyArray = (string | number)[];

function upgrade(database: IDBPDatabase): void {
  for (const name of TABLE_NAMES) {
    if (!database.objectStoreNames.contains(name)) database.createObjectStore(name);
  }
}

async function run<R>(
  database: IDBPDatabase,
  mode: Mode,
  tables: readonly TableName[],
  body: (transaction: IndexedDbTransaction) => Promise<R>,
): Promise<R> {
  const transaction = database.transaction([...tables], mode);
  const done = transaction.done;
  done.catch(() => undefined);
  let result: R;
  try {
    result = await body(new IndexedDbTransaction(transaction));
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It had already finished or aborted by itself.
    }
    throw error;
  }
  await done;
  return result;
}

/** Opens (and creates) the database `name`. */
export async function openIndexedDbStore(name: string): Promise<Store> {
  const database = await openDB(name, VERSION, { upgrade });
  return {
    read: <R>(tables: readonly TableName[], body: (one: ReadTransaction) => Promise<R>) =>
      run(database, 'readonly', tables, body),
    write: <R>(tables: readonly TableName[], body: (one: WriteTransaction) => Promise<R>) =>
      run(database, 'readwrite', tables, body),
    erase: () =>
      run(database, 'readwrite', TABLE_NAMES, async (one) => {
        for (const table of TABLE_NAMES) one.removeRange(table, []);
      }),
    close: () => Promise.resolve(database.close()),
  };
}
