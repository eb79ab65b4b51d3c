/** Every declaration against the specification's own text. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Endpoint } from '../../src/matrix/api/declare.ts';
import { compareEndpoint } from './compare.ts';
import { findSpec, loadOperations, type Operation } from './operations.ts';

const folder = path.join(path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url)))), 'src/matrix/api');
/** APIs that are ours or somebody else's, not the specification's. */
const OTHER_APIS = new Set(['postern', 'synapse-admin']);
const spec = findSpec();
const skip = spec === undefined && 'SKIPPED: the specification is not beside the project; set POSTERN_SPEC';

async function readDeclarations(): Promise<{ api: string; id: string; endpoint: Endpoint | undefined }[]> {
  const found = [];
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const [api = '', name] = file.split(path.sep);
    if (name === undefined || !name.endsWith('.ts') || name === 'definitions.ts') continue;
    const id = path.basename(name, '.ts');
    const module = (await import(pathToFileURL(path.join(folder, file)).href)) as Record<string, Endpoint>;
    found.push({ api, id, endpoint: module[id] });
  }
  return found;
}

describe('declarations', async () => {
  const declarations = await readDeclarations();
  const operations = new Map<string, Operation>();
  if (spec !== undefined) for (const one of loadOperations(spec)) operations.set(`${one.api}/${one.id}`, one);

  it('each file exports the endpoint of its name', () => {
    const nameless = declarations.filter((one) => one.endpoint?.id !== one.id).map((one) => `${one.api}/${one.id}`);
    assert.deepEqual(nameless, []);
    assert.ok(declarations.length > 100);
  });

  it('the specification has its 235 operations', { skip }, () => assert.equal(operations.size, 235));

  it('each agrees with the operation of the specification, or names its proposal', { skip }, () => {
    const wrong: string[] = [];
    for (const { api, id, endpoint } of declarations) {
      if (endpoint === undefined || endpoint.msc !== undefined || OTHER_APIS.has(api)) continue;
      const operation = operations.get(`${api}/${id}`);
      const found = operation === undefined ? ['is no operation of it'] : compareEndpoint(endpoint, operation);
      wrong.push(...found.map((one) => `${api}/${id}: ${one}`));
    }
    assert.deepEqual(wrong, []);
  });

  it('a wrong declaration is found out', { skip }, () => {
    const operation = operations.get('client-server/setTyping');
    const right = declarations.find((one) => one.id === 'setTyping')?.endpoint;
    assert.ok(operation !== undefined && right !== undefined);
    assert.deepEqual(compareEndpoint(right, operation), []);
    assert.equal(compareEndpoint({ ...right, method: 'POST', path: '/typing', access: 'none' }, operation).length, 3);
    assert.equal(compareEndpoint({ ...right, body: { type: 'object' } }, operation).length, 1);
    assert.equal(
      compareEndpoint({ ...right, query: { type: 'object', properties: { more: {} } } }, operation).length,
      1,
    );
  });

  it('operations between servers are compared by their own file of the same name', { skip }, () => {
    const operation = operations.get('server-server/sendJoinV2');
    const right = declarations.find((one) => one.api === 'server-server' && one.id === 'sendJoinV2')?.endpoint;
    assert.ok(operation !== undefined && right !== undefined);
    assert.deepEqual(compareEndpoint(right, operation), []);
    assert.equal(compareEndpoint({ ...right, access: 'required' }, operation).length, 1);
    const body = { type: 'object', properties: {}, required: ['sender', 'origin', 'state_key', 'type'] };
    assert.equal(compareEndpoint({ ...right, body }, operation).length, 2, 'origin may be required or not');
  });
});
