import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { SqlParam } from '../database.ts';
import { EventSigner } from '../signer.ts';
import { sqliteText } from '../text-code.ts';
import { type Flat, StatementTexts, WriteUnit } from '../write-unit.ts';
import { openConnection, type SqliteConnection } from './connection.ts';
import { migrate, readCounters } from './migrate.ts';
import { type FlatOutcome, SqliteWriter } from './writer.ts';

const SET = 'INSERT INTO server_values (name, value) VALUES (?, ?)';
const REDACT = 'UPDATE server_values SET value = ? WHERE name = ?';

type Plan = (unit: WriteUnit) => void;

/** A writer on a database in memory, fed as the main thread does. */
class Bench {
  readonly connection: SqliteConnection;
  readonly writer: SqliteWriter;
  readonly #texts = new StatementTexts();
  #sent = 0;

  constructor(connection: SqliteConnection) {
    this.connection = connection;
    const refuse = (): never => {
      throw new Error('nothing is signed here');
    };
    const crypto = { ed25519Sign: refuse } as unknown as ConstructorParameters<typeof EventSigner>[0];
    this.writer = new SqliteWriter(connection, new EventSigner(crypto, []), () => 0);
  }

  static async open(t: TestContext, file = ':memory:'): Promise<Bench> {
    const connection = await openConnection({ path: file, readOnly: false, encryptionKey: undefined });
    migrate(connection);
    t.after(() => {
      connection.close();
    });
    return new Bench(connection);
  }

  write(plans: readonly Plan[], counters: readonly Flat[] = [null, null, null, null]): FlatOutcome {
    const units = plans.map((plan) => {
      const unit = new WriteUnit(this.#texts, sqliteText);
      plan(unit);
      return unit;
    });
    const texts = this.#texts.all.slice(this.#sent);
    this.#sent = this.#texts.all.length;
    const body = units.flatMap((unit) => [unit.statementCount, ...unit.flat]);
    return this.writer.write([texts.length, ...texts, ...counters, units.length, ...body]);
  }

  names(): unknown[] {
    const rows = this.connection.prepare('SELECT name FROM server_values ORDER BY name').all([]);
    return rows.map((row) => row['name']);
  }
}

function set(name: string, value: SqlParam = 'x'): Plan {
  return (unit) => {
    unit.run(SET, name, value);
  };
}

test('a batch is one transaction, and sets the counters when it is told to', async (t) => {
  const bench = await Bench.open(t);
  assert.deepEqual(bench.write([set('a'), set('b')], [7, 8, 9, 10]), [0]);
  assert.deepEqual(bench.names(), ['a', 'b']);
  assert.deepEqual(bench.write([set('c')]), [0]);
  assert.deepEqual(readCounters(bench.connection), { position: 7, event: 8, room: 9, line: 10 });
});

test('a batch with a unit that fails leaves nothing behind', async (t) => {
  const bench = await Bench.open(t);
  const twice: Plan = (unit) => {
    unit.run(SET, 'half', 'x');
    unit.run(SET, 'a', 'again');
  };
  const absent: Plan = (unit) => {
    unit.runOne(REDACT, 'x', 'nobody');
  };
  bench.write([set('a')]);
  for (const bad of [twice, absent]) {
    const [, kind] = bench.write([set('b'), bad, set('c')]);
    assert.equal(kind, 'conflict');
    assert.deepEqual(bench.names(), ['a']);
  }
});

test('a full disk fails what does not fit, keeps what was there, and is over when there is room', async (t) => {
  const bench = await Bench.open(t);
  bench.write([set('kept')]);
  const [pages] = bench.connection.prepare('PRAGMA page_count').all([]);
  const limit = (count: number): void => {
    bench.connection.prepare(`PRAGMA max_page_count = ${count}`).all([]);
  };
  limit(Number(pages?.['page_count']) + 4);
  assert.equal(bench.write([set('small'), set('large', 'x'.repeat(1_000_000))])[1], 'disk-full');
  assert.deepEqual(bench.names(), ['kept']);
  assert.deepEqual(bench.write([set('small')]), [0]);
  limit(1_000_000);
  assert.deepEqual(bench.write([set('large', 'x'.repeat(1_000_000))]), [0]);
  const [check] = bench.connection.prepare('PRAGMA integrity_check').all([]);
  assert.equal(check?.['integrity_check'], 'ok');
});

test('a value of the wrong type is refused by the table', async (t) => {
  const bench = await Bench.open(t);
  const outcome = bench.write([set('a', new Uint8Array([1]))]);
  assert.equal(outcome[1], 'bug');
});

test('a redaction asks for the log to be emptied', async (t) => {
  const bench = await Bench.open(t);
  bench.write([set('a', 'secret')]);
  assert.equal(bench.writer.erased, false);
  const redact: Plan = (unit) => {
    unit.erase(REDACT, '', 'a');
  };
  bench.write([redact]);
  assert.equal(bench.writer.erased, true);
});

test('free pages are given back little by little, but for some that are kept', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-writer-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'space.db');
  const bench = await Bench.open(t, file);
  const long = 'x'.repeat(7000);
  bench.write(Array.from({ length: 4000 }, (_, index) => set(`name ${index}`, long)));
  bench.writer.checkpoint('truncate');
  const full = statSync(file).size;
  assert.ok(full > 4000 * 7000);
  assert.equal(bench.writer.giveBack(), false, 'nothing is free');
  bench.write([(unit) => unit.run("DELETE FROM server_values WHERE name <> 'name 0'")]);
  let steps = 1;
  while (bench.writer.giveBack()) {
    steps += 1;
    bench.writer.checkpoint('passive');
  }
  bench.writer.checkpoint('truncate');
  assert.ok(steps > 3, 'in pieces');
  const left = statSync(file).size;
  assert.ok(left < full / 5, `${left} of ${full} bytes are left`);
  assert.deepEqual(bench.names(), ['name 0']);
});
