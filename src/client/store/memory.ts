/** The store without a disk: for tests, bots and a browser that refuses IndexedDB. */
import { TABLE_NAMES, type Rows, type TableName } from './records.ts';
import type { Entry, Key, KeyPart, Range, ReadTransaction, Store, WriteTransaction } from './store.ts';

interface Cell {
  readonly key: Key;
  value: unknown;
}

interface Table {
  readonly cells: Map<string, Cell>;
  /** Encoded keys in order; `undefined` after a change of the set of keys. */
  order: string[] | undefined;
}

const END = '\uffff';

/** Writes a key part as text whose order is IndexedDB's: numbers before texts. */
function encodePart(part: KeyPart): string {
  if (typeof part === 'number') return `1${String(part + 2 ** 52).padStart(16, '0')}\0\0`;
  return `2${part.replaceAll('\0', '\0\u0001')}\0\0`;
}

function encode(key: Key): string {
  return key.map(encodePart).join('');
}

function lowerBound(order: readonly string[], wanted: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((order[middle] ?? '') < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

class MemoryTransaction implements WriteTransaction {
  readonly #tables: Map<TableName, Table>;
  readonly undo: (() => void)[] = [];

  constructor(tables: Map<TableName, Table>) {
    this.#tables = tables;
  }

  #table(name: TableName): Table {
    const table = this.#tables.get(name);
    if (table === undefined) throw new Error(`table ${name} is not part of this transaction`);
    return table;
  }

  find<T extends TableName>(table: T, key: Key): Promise<Rows[T] | undefined> {
    const cell = this.#table(table).cells.get(encode(key));
    return Promise.resolve(cell === undefined ? undefined : (structuredClone(cell.value) as Rows[T]));
  }

  list<T extends TableName>(name: T, range: Range): Promise<Entry<T>[]> {
    const table = this.#table(name);
    table.order ??= [...table.cells.keys()].sort();
    const prefix = encode(range.prefix);
    const lower = range.from === undefined ? prefix : prefix + encodePart(range.from);
    const upper = (range.to === undefined ? prefix : prefix + encodePart(range.to)) + END;
    const found = table.order.slice(lowerBound(table.order, lower), lowerBound(table.order, upper));
    if (range.reverse === true) found.reverse();
    const entries: Entry<T>[] = [];
    for (const encoded of found.slice(0, range.limit)) {
      const cell = table.cells.get(encoded);
      if (cell !== undefined) entries.push({ key: cell.key, value: structuredClone(cell.value) as Rows[T] });
    }
    return Promise.resolve(entries);
  }

  put<T extends TableName>(name: T, key: Key, value: Rows[T]): void {
    const table = this.#table(name);
    const encoded = encode(key);
    const before = table.cells.get(encoded);
    if (before === undefined) table.order = undefined;
    table.cells.set(encoded, { key, value: structuredClone(value) });
    this.undo.push(() => {
      table.order = undefined;
      if (before === undefined) table.cells.delete(encoded);
      else table.cells.set(encoded, before);
    });
  }

  remove(name: TableName, key: Key): void {
    this.#drop(this.#table(name), encode(key));
  }

  removeRange(name: TableName, prefix: Key): void {
    const table = this.#table(name);
    const start = encode(prefix);
    for (const encoded of table.cells.keys()) if (encoded.startsWith(start)) this.#drop(table, encoded);
  }

  #drop(table: Table, encoded: string): void {
    const before = table.cells.get(encoded);
    if (before === undefined) return;
    table.cells.delete(encoded);
    table.order = undefined;
    this.undo.push(() => {
      table.order = undefined;
      table.cells.set(encoded, before);
    });
  }
}

/** Opens an empty store that lives as long as the process. */
export function openMemoryStore(): Store {
  const tables = new Map<TableName, Table>();
  for (const name of TABLE_NAMES) tables.set(name, { cells: new Map(), order: undefined });
  let tail: Promise<unknown> = Promise.resolve();

  async function run<R>(names: readonly TableName[], body: (one: MemoryTransaction) => Promise<R>): Promise<R> {
    const visibleTables = new Map([...tables].filter(([name]) => names.includes(name)));
    const transaction = new MemoryTransaction(visibleTables);
    try {
      return await body(transaction);
    } catch (error) {
      for (const step of transaction.undo.reverse()) step();
      throw error;
    }
  }
  function queue<R>(names: readonly TableName[], body: (one: MemoryTransaction) => Promise<R>): Promise<R> {
    const result = tail.then(() => run(names, body));
    tail = result.catch(() => undefined);
    return result;
  }
  return {
    read: <R>(names: readonly TableName[], body: (one: ReadTransaction) => Promise<R>) => queue(names, body),
    write: <R>(names: readonly TableName[], body: (one: WriteTransaction) => Promise<R>) => queue(names, body),
    erase: () => queue(TABLE_NAMES, async (one) => TABLE_NAMES.forEach((name) => one.removeRange(name, []))),
    close: () => Promise.resolve(),
  };
}
