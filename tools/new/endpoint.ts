/** Pure part of `npm run new endpoint`: what is written for one operation. */
import { declarationText } from '../spec/declaration.ts';
import type { Operation } from '../spec/operations.ts';

const FOLDERS: ReadonlyMap<string, string> = new Map([
  ['client-server', 'client-api'],
  ['server-server', 'federation-api'],
  ['application-service', 'appservice-api'],
]);

export interface EndpointFiles {
  readonly files: ReadonlyMap<string, string>;
  /** The file that lists the API's routes. */
  readonly index: string;
}

/** Declaration, handler and test of an operation. Throws for an API whose handlers are not in `src/http`. */
export function endpointFiles(operation: Operation): EndpointFiles {
  const { api, id } = operation;
  const folder = isMedia(operation) ? 'media-api' : FOLDERS.get(api);
  if (folder === undefined) throw new Error(`operations of ${api} have no folder in src/http`);
  return {
    index: `src/http/${folder}/index.ts`,
    files: new Map([
      [`src/matrix/api/${api}/${id}.ts`, declarationText(operation)],
      [`src/http/${folder}/${id}.ts`, handlerText(operation, folder)],
      [`test/conformance/${api}/${id}.test.ts`, testText(operation)],
    ]),
  };
}

function isMedia({ path }: Operation): boolean {
  return path.startsWith('/_matrix/media/') || path.startsWith('/_matrix/client/v1/media/');
}

function handlerText({ api, id, path }: Operation, folder: string): string {
  const from = folder === 'client-api' ? './client-route.ts' : '../client-api/client-route.ts';
  const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).join(', ');
  return `import { ${id} } from '../../matrix/api/${api}/${id}.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '${from}';

export function ${id}Route(_services: Services): ClientRoute {
  return clientRoute(${id}, async () => {
    // TODO(#0): take what is needed (path: ${parts === '' ? 'nothing' : parts}) and call one service.
    throw new MatrixError('M_UNRECOGNIZED', 'Unrecognized request');
  });
}
`;
}

function testText({ id, method, path }: Operation): string {
  return `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { useServer } from '../../harness/index.ts';

const server = useServer();

test('${id}: answers what the specification says', async () => {
  const alice = await server.register('alice');
  assert.ok(alice);
  assert.fail('Say here what ${method} ${path} must answer.');
});
`;
}

/** The text of an API's index with the route of `id` imported and listed, in alphabetical place; unchanged if it is. */
export function registered(index: string, id: string): string {
  const name = `${id}Route`;
  if (new RegExp(`\\b${name}\\b`).test(index)) return index;
  const line = `import { ${name} } from './${id}.ts';`;
  const lines = index.split('\n');
  const last = lines.findLastIndex((one) => one.startsWith('import '));
  const place = lines.findIndex((one) => /^import \{ \w+Route \} from '\.\//.test(one) && one > line);
  lines.splice(place === -1 ? last + 1 : place, 0, line);
  const text = lines.join('\n');
  if (/^const ROUTES\b/m.test(text)) return listed(text, name);
  return text.replace(/return \[(.*?),?\s*\];/s, (_, inner: string) => `return [${join(inner, `${name}(services)`)}];`);
}

function join(inner: string, one: string): string {
  return inner.trim() === '' ? one : `${inner}, ${one}`;
}

function listed(text: string, name: string): string {
  const lines = text.split('\n');
  const start = lines.findIndex((one) => one.startsWith('const ROUTES'));
  const end = lines.indexOf('];', start);
  const place = lines.findIndex((one, at) => at > start && at < end && one.trim() > `${name},`);
  lines.splice(place === -1 ? end : place, 0, `  ${name},`);
  return lines.join('\n');
}
