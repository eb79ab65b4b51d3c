/** Back-end N on this machine: the tests of inside.ts run in namespaces of their own. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { enter, namespaceObstacle } from '../../src/lab/namespaces/enter.ts';

const obstacle = namespaceObstacle();
const skip = obstacle === undefined ? false : `Namespaces cannot be used here: ${obstacle}`;

test('packets of real kernels between hosts', { skip, timeout: 90_000 }, async () => {
  const child = enter(fileURLToPath(new URL('./inside.ts', import.meta.url)), []);
  const [code] = await once(child, 'exit');
  assert.equal(code, 0, 'the tests inside say above what is wrong');
});

test('what runs inside ends when whoever entered is killed', { skip, timeout: 30_000 }, async () => {
  const outer = fileURLToPath(new URL('./outer.ts', import.meta.url));
  const parent = spawn(process.execPath, [outer], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(parent.stdout, 'data');
  // The output is open as long as anything that was started holds it.
  const closed = once(parent.stdout, 'close');
  parent.stdout.resume();
  parent.kill('SIGKILL');
  await closed;
});
