/** Paths, methods and tokens around the declared ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer } from '../../harness/index.ts';
import { rowCounts } from './rows.ts';
import { endpoints, makeScene, pathOf, type Scene, targetOf } from './targets.ts';
import { complaints, send } from './wire.ts';

let scene: Scene;
const server = useServer({}, async (started) => {
  scene = await makeScene(started);
});

/** Whether some declared operation answers to a raw path. */
function isDeclared(raw: string, method?: string): boolean {
  const segments = (raw.split('?')[0] ?? '').split('/');
  return endpoints(server).some((endpoint) => {
    if (method !== undefined && endpoint.method !== method) return false;
    return [endpoint.path, ...(endpoint.aliases ?? [])].some((path) => {
      const wanted = path.split('/');
      return (
        wanted.length === segments.length &&
        wanted.every((one, index) => one.startsWith('{') || one === segments[index])
      );
    });
  });
}

function mutatedPaths(path: string): string[] {
  const segments = path.split('/').slice(1);
  const inserted = segments.map(
    (_, index) => `/${[...segments.slice(0, index), 'x', ...segments.slice(index)].join('/')}`,
  );
  const doubled = segments.map(
    (_, index) => `/${[...segments.slice(0, index), '', ...segments.slice(index)].join('/')}`,
  );
  const ends = ['/x', '/', '%2f..%2f', '/%2e%2e', '%2fx', ';', ';x=1', '/.', '/..', '%00', '%20', '//', '\\x'];
  return [...ends.map((end) => path + end), ...inserted, ...doubled, path.toUpperCase(), `/.${path}`, `/x/..${path}`];
}

test('every operation: paths beside it are unrecognized (adv-095, adv-096)', async () => {
  const before = await rowCounts(server);
  const found: string[] = [];
  for (const endpoint of endpoints(server)) {
    const target = targetOf(endpoint, scene);
    for (const path of mutatedPaths(pathOf(target))) {
      if (isDeclared(path)) continue;
      const headers = { Authorization: `Bearer ${scene.user.token}` };
      const answer = await send(server, { method: endpoint.method, path, headers });
      found.push(...complaints(answer, `${endpoint.method} ${path}`));
      if (answer.status !== 404 || !answer.text.includes('M_UNRECOGNIZED')) {
        found.push(`${endpoint.method} ${path}: ${answer.status} ${answer.text.slice(0, 80)}`);
      }
    }
  }
  assert.deepEqual(found, []);
  assert.deepEqual(await rowCounts(server), before);
});

test('every operation: other methods are not allowed', async () => {
  const before = await rowCounts(server);
  const found: string[] = [];
  for (const endpoint of endpoints(server)) {
    const path = pathOf(targetOf(endpoint, scene));
    for (const method of ['GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND']) {
      if (isDeclared(path, method)) continue;
      const answer = await send(server, { method, path, headers: { Authorization: `Bearer ${scene.user.token}` } });
      found.push(...complaints(answer, `${method} ${path}`));
      if (answer.status !== 405 || !answer.text.includes('M_UNRECOGNIZED'))
        found.push(`${method} ${path}: ${answer.status}`);
    }
    const options = await send(server, { method: 'OPTIONS', path });
    if (options.status !== 200 || options.origin !== '*') found.push(`OPTIONS ${path}: ${options.status}`);
  }
  assert.deepEqual(found, []);
  assert.deepEqual(await rowCounts(server), before);
});

test('every operation: tokens that are none (adv-073, adv-086)', async () => {
  const before = await rowCounts(server);
  const found: string[] = [];
  const valid = scene.user.token;
  const cases: readonly (readonly [string, Record<string, string | string[]>, string])[] = [
    ['no token', {}, ''],
    ['Bearer and nothing', { Authorization: 'Bearer ' }, ''],
    ['Bearer', { Authorization: 'Bearer' }, ''],
    ['empty query token', {}, 'access_token='],
    ['wrong token', { Authorization: 'Bearer wrong' }, ''],
    ['cut token', { Authorization: `Bearer ${valid.slice(0, -1)}` }, ''],
    ['longer token', { Authorization: `Bearer ${valid}x` }, ''],
    ['two tokens in one header', { Authorization: `Bearer ${valid} ${valid}` }, ''],
    ['Basic', { Authorization: `Basic ${Buffer.from(`a:${valid}`).toString('base64')}` }, ''],
    ['two query tokens', {}, `access_token=${valid}&access_token=${valid}`],
    ['a list in the query', {}, `access_token[]=${valid}`],
    ['huge token', { Authorization: `Bearer ${'x'.repeat(8_000)}` }, ''],
    ['__proto__', { Authorization: 'Bearer __proto__' }, ''],
  ];
  for (const endpoint of endpoints(server)) {
    if (endpoint.access !== 'required') continue;
    const target = targetOf(endpoint, scene);
    const body = endpoint.body === undefined ? undefined : JSON.stringify(target.body);
    for (const [name, headers, query] of cases) {
      const path = pathOf(target) + (query === '' ? '' : `?${query}`);
      const answer = await send(server, { method: endpoint.method, path, headers, body });
      found.push(...complaints(answer, `${endpoint.id} ${name}`));
      if (answer.status !== 401) found.push(`${endpoint.id} ${name}: ${answer.status} ${answer.text.slice(0, 80)}`);
    }
  }
  assert.deepEqual(found, []);
  assert.deepEqual(await rowCounts(server), before);
});
