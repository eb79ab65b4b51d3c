import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { siblingUrl } from '../../lib/sibling-url.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Store } from '../../ports/store/index.ts';
import { openStore } from '../open.ts';
import { connect, loadDriver, serverCode } from '../postgres/driver.ts';
import { kindOfCode } from '../postgres/writer.ts';
import { Kit } from './kit.ts';
import { startPostgres } from './postgres-server.ts';
import { checkSecondSchema, secondSchema } from './second-schema.ts';
import { defineConformance } from './suite.ts';
import { TEST_KEY } from './transactions.ts';

const server = await startPostgres();
let databases = 0;

async function createDatabase(): Promise<string> {
  assert.ok(typeof server !== 'string');
  const admin = await connect(await loadDriver(), server.url('postgres'));
  databases += 1;
  const name = `test${databases}`;
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  return server.url(name);
}

function open(url: string): Promise<Store> {
  const cryptoModule = siblingUrl(import.meta.url, '../../adapters/crypto/index').href;
  return openStore({ engine: 'postgres', url, cryptoModule, signingKeys: [TEST_KEY], readers: 2 });
}

if (typeof server === 'string') {
  test('PostgreSQL', (t) => {
    t.skip(`NOT TESTED: ${server}`);
  });
} else {
  after(() => server.stop());

  defineConformance('PostgreSQL', async () => open(await createDatabase()));

  test('one database serves one server, and the next one goes on where it ended', async () => {
    const url = await createDatabase();
    const store = await open(url);
    const kit = new Kit(store);
    const room = await kit.room();
    const event = await kit.append(room);
    await assert.rejects(open(url), (error) => error instanceof OperationError && error.kind === 'database-in-use');
    await store.close();
    const next = await open(url);
    assert.equal(next.position, event.position);
    assert.ok(next.allocateEvent() > event.number);
    const [read] = await next.events.getEvents([event.eventId]);
    assert.equal(read?.json, event.json);
    await next.close();
  });

  test('a lost connection fails what was on its way, and the next write connects anew', async () => {
    const url = await createDatabase();
    const store = await open(url);
    const set = (value: string): Promise<void> => store.transact((one) => one.accounts.setServerValue('k', value));
    await set('before');
    const admin = await connect(await loadDriver(), url);
    const cut =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity ' +
      'WHERE pid <> pg_backend_pid() AND datname = current_database()';
    await admin.query(cut);
    const outcomes = await Promise.allSettled([set('during'), store.accounts.findServerValue('k')]);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        assert.ok((outcome.reason as OperationError).temporary, String(outcome.reason));
    }
    await set('after');
    for (let tries = 0; tries < 5; tries += 1) {
      const value = await store.accounts.findServerValue('k').catch(() => undefined);
      if (value === undefined) continue;
      assert.equal(value, 'after');
      break;
    }
    assert.equal(await store.accounts.findServerValue('k'), 'after');
    await admin.end();
    await store.close();
  });

  test('a database from before other servers were known goes on with what it has', async () => {
    const url = await createDatabase();
    const admin = await connect(await loadDriver(), url);
    for (const { text, params } of secondSchema('postgres')) await admin.query(text, params);
    await admin.end();
    const store = await open(url);
    await checkSecondSchema(store);
    await store.close();
  });

  test('a database of a newer program is refused', async () => {
    const url = await createDatabase();
    await (await open(url)).close();
    const admin = await connect(await loadDriver(), url);
    await admin.query("INSERT INTO migrations (number, name) VALUES (9999, 'from the future')");
    await admin.end();
    await assert.rejects(open(url), (error) => error instanceof OperationError && error.kind === 'schema-too-new');
  });
}

test('a broken pipe is no answer of the server, though its code has five letters', () => {
  assert.equal(serverCode(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })), '');
  assert.equal(serverCode(Object.assign(new Error('duplicate'), { code: '23505', severity: 'ERROR' })), '23505');
});

test('failures of PostgreSQL are told apart by their code', () => {
  const kinds = {
    '23505': 'conflict',
    '53100': 'disk-full',
    '58030': 'disk-failed',
    XX001: 'database-corrupt',
    '57P01': 'database-unreachable',
    '40001': 'database-unreachable',
    '42703': 'bug',
    '': 'database-unreachable',
  } as const;
  for (const [code, kind] of Object.entries(kinds)) assert.equal(kindOfCode(code), kind, code);
});
