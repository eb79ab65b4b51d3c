import type { Rows, TableName } from './records.ts';

export type KeyPart = string | number;
export type Key = readonly KeyPart[];

export interface Range {
  /** Only keys that begin with these parts. */
  readonly prefix: Key;
  /** Smallest and largest next part, both inclusive. */
  readonly from?: KeyPart;
  readonly to?: KeyPart;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Entry<T extends TableName> {
  readonly key: Key;
  readonly value: Rows[T];
}

export interface ReadTransaction {
  find<T extends TableName>(table: T, key: Key): Promise<Rows[T] | undefined>;
  list<T extends TableName>(table: T, range: Range): Promise<Entry<T>[]>;
}

export interface WriteTransaction extends ReadTransaction {
  put<T extends TableName>(table: T, key: Key, value: Rows[T]): void;
  remove(table: TableName, key: Key): void;
  removeRange(table: TableName, prefix: Key): void;
}

/**
 * The client's database. A transaction body awaits nothing but the transaction itself: IndexedDB
 * commits as soon as it is left alone. A body that throws leaves no trace.
 */
export interface Store {
  read<R>(tables: readonly TableName[], body: (transaction: ReadTransaction) => Promise<R>): Promise<R>;
  write<R>(tables: readonly TableName[], body: (transaction: WriteTransaction) => Promise<R>): Promise<R>;
  /** Empties every table: the account has signed out. */
  erase(): Promise<void>;
  close(): Promise<void>;
}
