/**
 * `npm run new endpoint <operationId> [api]`: the declaration from the specification, a handler, its registration and a
 * test that fails until it says what the operation must do.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { endpointFiles, registered } from './new/endpoint.ts';
import { findSpec, loadOperations } from './spec/operations.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

function main([what, id, api]: readonly string[]): number {
  if (what !== 'endpoint' || id === undefined) {
    console.error('usage: npm run new endpoint <operationId> [client-server|server-server|…]');
    return 2;
  }
  const spec = findSpec();
  if (spec === undefined) {
    console.error('The specification is not beside the project: set POSTERN_SPEC to its folder.');
    return 1;
  }
  const found = loadOperations(spec).filter((one) => one.id === id && (api === undefined || one.api === api));
  const [operation] = found;
  if (operation === undefined || found.length > 1) {
    const which = found.map((one) => one.api).join(', ');
    console.error(operation === undefined ? `No operation ${id}.` : `${id} is in ${which}: name the API.`);
    return 1;
  }
  const { files, index } = endpointFiles(operation);
  if (!existsSync(path.join(root, index))) {
    console.error(`${index} does not exist yet: an API needs its folder and index first.`);
    return 1;
  }
  for (const [file, text] of files) {
    const target = path.join(root, file);
    if (existsSync(target)) {
      console.log(`kept    ${file}`);
      continue;
    }
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
    console.log(`written ${file}`);
  }
  const target = path.join(root, index);
  writeFileSync(target, registered(readFileSync(target, 'utf8'), id));
  console.log(`listed  ${index}\nNext: npm run format, fill handler and test, npm run docs.`);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
