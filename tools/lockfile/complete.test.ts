import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type LockRow, missingRows, platformOf } from './complete.ts';

describe('the lockfile', () => {
  it('reads the platform from the name of a package', () => {
    assert.deepEqual(platformOf('@a/b-linux-arm64-musl'), { os: ['linux'], cpu: ['arm64'], libc: ['musl'] });
    assert.deepEqual(platformOf('@a/linux-x64'), { os: ['linux'], cpu: ['x64'], libc: ['glibc'] });
    assert.deepEqual(platformOf('@a/binding-win32-ia32-msvc'), { os: ['win32'], cpu: ['ia32'] });
    assert.equal(platformOf('@a/linux'), undefined);
  });

  it('misses rows of other machines only, and is complete as committed', () => {
    const parent = {
      version: '1.0.0',
      dev: true,
      optionalDependencies: { 'a-linux-x64': '1.0.0', 'a-win32-x64': '1.0.0' },
    };
    assert.deepEqual([...missingRows({ 'node_modules/a': parent }).keys()], ['node_modules/a-win32-x64']);
    const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
    const { packages } = JSON.parse(text) as { packages: Record<string, LockRow> };
    assert.deepEqual([...missingRows(packages).keys()], [], 'run "npm run lockfile"');
  });
});
