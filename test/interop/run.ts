/**
 * `npm run test:interop`: installs the other homeserver where it is not there yet, then runs every `*.interop.ts`; with
 * file names as arguments, only those. Flags go to `node --test`, as in `-- --test-name-pattern=knock`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { installSynapse } from './synapse/install.ts';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));

const missing = await installSynapse((text) => console.log(text));
if (missing !== undefined) {
  console.log(`skipped: the tests with Synapse cannot run here: ${missing}`);
} else {
  const given = process.argv.slice(2);
  const files = given.filter((one) => !one.startsWith('-'));
  // One file at a time: each of them starts servers of its own.
  const flags = ['--test', '--test-concurrency=1', '--test-timeout=300000', '--test-reporter=spec'];
  const wanted = files.length > 0 ? files : [`${FOLDER}**/*.interop.ts`];
  const all = [...flags, ...given.filter((one) => one.startsWith('-')), ...wanted];
  const child = spawn(process.execPath, all, { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
