import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Store } from '../../ports/store/index.ts';
import { openStore } from '../open.ts';
import { StatementTexts } from '../write-unit.ts';
import { WriterClient } from '../sqlite/writer-client.ts';
import { Kit } from './kit.ts';

const ROUNDS = 4;
const ACKS_A_ROUND = 250;
const cryptoModule = siblingUrl(import.meta.url, '../../adapters/crypto/index').href;

interface Opened {
  readonly folder: string;
  /** Opens a store there, which is closed at the latest when the test ends: its thread would keep the process. */
  readonly open: () => Promise<Store>;
}

function newFolder(t: TestContext): Opened {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-durability-'));
  const stores: Store[] = [];
  t.after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    rmSync(folder, { recursive: true });
  });
  const open = async (): Promise<Store> => {
    const store = await openStore({ engine: 'sqlite', folder, cryptoModule, signingKeys: [] });
    stores.push(store);
    return store;
  };
  return { folder, open };
}

function startWriter(folder: string, first: number): ChildProcess {
  const script = fileURLToPath(siblingUrl(import.meta.url, './crash-writer'));
  return spawn(process.execPath, [script, folder, String(first)], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/**
 * Kills a writer in the middle of its work, as soon as it has told so many acknowledged writes; every number that it
 * had told. How fast the machine is does not matter: a writer that ends before it is killed has failed, and says why.
 */
async function killUnderLoad(folder: string, first: number): Promise<number[]> {
  const child = startWriter(folder, first);
  // The locks of a killed process go with its last thread, which may be after the end of its output.
  const exited = once(child, 'exit');
  const errors: Buffer[] = [];
  child.stderr?.on('data', (data: Buffer) => errors.push(data));
  const acknowledged: number[] = [];
  assert.ok(child.stdout !== null);
  for await (const line of createInterface(child.stdout)) {
    acknowledged.push(Number(line));
    if (acknowledged.length === ACKS_A_ROUND) child.kill('SIGKILL');
  }
  const [code, signal] = await exited;
  assert.equal(signal, 'SIGKILL', `the writer ended by itself with ${code}: ${Buffer.concat(errors).toString()}`);
  return acknowledged;
}

test('T2: after kill -9 every acknowledged write is there and the file is whole', async (t) => {
  const { folder, open } = newFolder(t);
  let first = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const acknowledged = await killUnderLoad(folder, first);
    assert.notEqual(acknowledged.length, 0);
    const store = await open();
    const kept = await Promise.all(acknowledged.map((number) => store.accounts.findServerValue(`ack${number}`)));
    const lost = acknowledged.filter((number, index) => kept[index]?.length !== number % 3000);
    assert.deepEqual(lost, []);
    const before = store.position;
    assert.equal(
      await store.transact((one) => {
        one.accounts.setServerValue('after', 'crash');
        return one.position;
      }),
      before + 1,
    );
    assert.ok(before >= acknowledged.length, 'positions do not go back');
    await store.close();
    first = Math.max(...acknowledged) + 100;
    const database = new DatabaseSync(path.join(folder, 'postern.db'));
    assert.deepEqual({ ...database.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' });
    database.close();
  }
});

test('T3: the writing connection waits for the disk at each commit', async (t) => {
  const { folder, open } = newFolder(t);
  await (await open()).close();
  const data = { path: path.join(folder, 'postern.db'), encryptionKey: undefined, cryptoModule, signingKeys: [] };
  const writer = await WriterClient.start(data, new StatementTexts());
  t.after(() => writer.close());
  assert.deepEqual(await writer.settings(), { journalMode: 'wal', synchronous: 2, secureDelete: 1 });
});

test('T3: what is acknowledged is committed: another connection sees it at once', async (t) => {
  const { folder, open } = newFolder(t);
  const store = await open();
  const other = new DatabaseSync(path.join(folder, 'postern.db'), { readOnly: true });
  t.after(() => {
    other.close();
  });
  const read = other.prepare('SELECT value FROM server_values WHERE name = ?');
  for (let index = 0; index < 50; index += 1) {
    const seen: unknown[] = [];
    await store.transact((one) => {
      one.accounts.setServerValue('n', String(index));
      one.onCommit(() => seen.push(read.get('n')?.['value']));
    });
    assert.deepEqual(seen, [String(index)]);
  }
});

test('what is redacted is gone from the disk', async (t) => {
  const { folder, open } = newFolder(t);
  const store = await open();
  const kit = new Kit(store);
  const room = await kit.room();
  const secrets = Array.from({ length: 40 }, (_, index) => `secret-marker-${index}-${'s'.repeat(index * 300)}`);
  for (const secret of secrets) {
    const { number } = await kit.append(room, { content: `{"body":"${secret}"}` });
    await kit.append(room);
    await store.transact((one) => {
      one.events.redact({
        number,
        json: '{"content":{}}',
        contentStart: 11,
        contentEnd: 13,
        redactedBy: kit.eventId(),
      });
    });
  }
  await store.close();
  const bytes = readFileSync(path.join(folder, 'postern.db'));
  assert.ok(bytes.includes('"body":"hello"'), 'the search finds what is there');
  assert.ok(!bytes.includes('secret-marker'));
});

test('adv-074: a password hash that was replaced is gone from the disk', async (t) => {
  const { folder, open } = newFolder(t);
  const store = await open();
  const kit = new Kit(store);
  const { user } = await kit.account({ passwordHash: 'old-password-hash' });
  await store.transact((one) => {
    one.accounts.setPassword(user, 'new-password-hash');
  });
  await store.close();
  assert.ok(!readFileSync(path.join(folder, 'postern.db')).includes('old-password-hash'));
});

test('one folder serves one process', async (t) => {
  const { folder, open } = newFolder(t);
  const store = await open();
  await assert.rejects(open(), (error) => error instanceof OperationError && error.kind === 'data-folder-in-use');
  const child = startWriter(folder, 0);
  const errors: Buffer[] = [];
  child.stderr?.on('data', (data: Buffer) => errors.push(data));
  const [code] = await once(child, 'close');
  assert.equal(code, 1);
  assert.match(Buffer.concat(errors).toString(), /data-folder-in-use/);
  await store.close();
  await (await open()).close();
});

test('numbers and positions go on after a restart', async (t) => {
  const { open } = newFolder(t);
  const first = await open();
  const kit = new Kit(first);
  const room = await kit.room();
  const event = await kit.append(room);
  await first.close();
  const second = await open();
  assert.equal(second.position, event.position);
  assert.ok(second.allocateEvent() > event.number);
  assert.ok(second.allocateRoom() > room.number);
  assert.ok(second.allocateLine() > room.line);
  const [read] = await second.events.getEvents([event.eventId]);
  assert.equal(read?.json, event.json);
});

test('a database of a newer program is refused', async (t) => {
  const { folder, open } = newFolder(t);
  await (await open()).close();
  const database = new DatabaseSync(path.join(folder, 'postern.db'));
  database.exec("INSERT INTO migrations (number, name) VALUES (9999, 'from the future')");
  database.close();
  await assert.rejects(open(), (error) => error instanceof OperationError && error.kind === 'schema-too-new');
});
