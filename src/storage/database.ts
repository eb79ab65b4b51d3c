/** The small face of an SQL engine that the queries see. */

import type { StreamPosition } from '../ports/store/index.ts';

/** What a column holds. Booleans are 0 and 1; integers stay within 2^53. */
export type SqlValue = string | number | Uint8Array | null;

/** What binds to one `?`. A list binds to `IN @texts`, `IN @numbers` or `IN @blobs`. */
export type SqlParam = SqlValue | readonly string[] | readonly number[] | readonly Uint8Array[];

export type Row = Readonly<Record<string, SqlValue>>;

/** Reads of committed data. Each call sees one snapshot; no snapshot lives across two calls. */
export interface Database {
  all(text: string, ...params: SqlParam[]): readonly Row[] | Promise<readonly Row[]>;
  /** As `all`, for a read that may take longer than the main thread has (2 ms). */
  slow(text: string, ...params: SqlParam[]): Promise<readonly Row[]>;
}

/** Where on the stream a transaction writes now. */
export interface WritePosition {
  readonly position: StreamPosition;
}

/** Takes the statements of one transaction, in order. */
export interface StatementSink {
  run(text: string, ...params: SqlParam[]): void;
  /** Fails the transaction with a conflict unless exactly one row is changed. */
  runOne(text: string, ...params: SqlParam[]): void;
  /** As `runOne`, and what the row held is gone from the disk soon after the commit. */
  erase(text: string, ...params: SqlParam[]): void;
  /** As `run`; the writer signs `event.json`, which is the last parameter. */
  runSigned(text: string, first: SqlParam, event: EventToSign): void;
  /** Queues `task` behind everything else of this transaction. */
  defer(task: () => void): void;
  /** Runs `task` when the transaction is durable. */
  onDurable(task: () => void): void;
}

/** An event of ours without its signature; see `signer.ts`. */
export interface EventToSign {
  readonly json: string;
  readonly contentStart: number;
  readonly contentEnd: number;
  readonly insertAt: number;
  readonly redactedContent: string;
  readonly signedText?: string;
  readonly serverName: string;
  readonly keyId: string;
}

function wrong(column: string, expected: string): never {
  throw new TypeError(`column ${column} holds no ${expected}`);
}

/** The integer in a column. */
export function integerOf(row: Row, column: string): number {
  const value = row[column];
  return typeof value === 'number' ? value : wrong(column, 'integer');
}

/** The text in a column. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  return typeof value === 'string' ? value : wrong(column, 'text');
}

/** The bytes in a column. */
export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) return wrong(column, 'bytes');
  // Engines differ in handing out a Buffer: nobody above shall see the difference.
  return value.constructor === Uint8Array ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}

/** The integer in a column, `undefined` for NULL. */
export function findInteger(row: Row, column: string): number | undefined {
  return row[column] === null ? undefined : integerOf(row, column);
}

/** The text in a column, `undefined` for NULL. */
export function findText(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textOf(row, column);
}

/** The bytes in a column, `undefined` for NULL. */
export function findBytes(row: Row, column: string): Uint8Array | undefined {
  return row[column] === null ? undefined : bytesOf(row, column);
}

/** Whether a column holds 1. */
export function flagOf(row: Row, column: string): boolean {
  return integerOf(row, column) === 1;
}

/** NULL for `undefined`, which no engine may be handed. */
export function orNull<T>(value: T | undefined): T | null {
  return value === undefined ? null : value;
}

/** 1 or 0. */
export function bit(value: boolean): number {
  return value ? 1 : 0;
}
