/**
 * `npm run test:interop`: installs the other homeserver where it is not there yet, then runs every `*.interop.ts`; with
 * file names as arguments, only those.
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
  const files = process.argv.slice(2);
  // One file at a time: each of them starts servers of its own.
  const flags = ['--test', '--test-concurrency=1', '--test-timeout=300000', '--test-reporter=spec'];
  const given = files.length > 0 ? files : [`${FOLDER}**/*.interop.ts`];
  const child = spawn(process.execPath, [...flags, ...given], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  process.exitCode = code ?? 1;
}
