import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('adv-004 every rule that can refuse is named by a test that it refuses', () => {
  const folder = new URL('./', import.meta.url);
  const read = (filter: (name: string) => boolean) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && filter(name))
      .map((name) => readFileSync(new URL(name, folder), 'utf8'))
      .join('\n');
  const sources = read((name) => !name.endsWith('.test.ts'));
  const tests = read((name) => name.endsWith('.test.ts'));
  const patterns = [/reject\(\s*['`]([a-z0-9_.]+)/g, /acceptIf\([^;]*?,\s*'([a-z0-9_.]+)'/g];
  const rules = new Set(patterns.flatMap((pattern) => [...sources.matchAll(pattern)].map((match) => match[1] ?? '')));
  assert.ok(rules.size > 40, `${rules.size} rules found`);
  for (const rule of rules) {
    const name = rule.endsWith('.') ? rule : `'${rule}'`;
    assert.ok(tests.includes(name), `no test expects ${rule}`);
  }
});
