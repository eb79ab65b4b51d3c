import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJsonLog } from './index.ts';
import { createPrettyLog } from './pretty.ts';

function pretty(level: 'debug' | 'info' = 'info'): { lines: string[]; log: ReturnType<typeof createPrettyLog> } {
  const lines: string[] = [];
  const now = (): Date => new Date('2026-01-02T03:04:05Z');
  return { lines, log: createPrettyLog(level, { write: (line) => lines.push(line), now, colour: false }) };
}

test('a pretty line has time, level, subsystem, sentence and fields', () => {
  const { lines, log } = pretty();
  log.child('storage').info('Opened', { rooms: 3, engine: 'sqlite', missing: undefined });
  log.debug('Not shown');
  assert.deepEqual(lines, ['03:04:05 info  storage: Opened rooms=3 engine=sqlite\n']);
});

test('text cannot forge a line or control the terminal', () => {
  const { lines, log } = pretty();
  log.warn('x', { name: 'a\n03:04:05 error forged \u001B[2J' });
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.split('\n').length, 2);
  assert.ok(!lines[0]?.includes('\u001B'));
});

test('an error is shown with its causes', () => {
  const { lines, log } = pretty();
  log.error('Failed', new Error('outer', { cause: new Error('inner') }));
  assert.match(lines.join(''), /outer[\s\S]*inner/);
});

test('a JSON line is one object with level, subsystem and cause', () => {
  const lines: string[] = [];
  const log = createJsonLog('info', (line) => lines.push(line));
  log.child('media').error('Failed', new Error('outer', { cause: new Error('inner') }), { bytes: 5 });
  log.debug('Not shown');
  assert.equal(lines.length, 1);
  const item: unknown = JSON.parse(lines[0] ?? '');
  assert.partialDeepStrictEqual(item, { level: 'error', subsystem: 'media', msg: 'Failed', bytes: 5 });
  assert.match(lines[0] ?? '', /inner/);
  assert.ok(!('pid' in (item as object)));
});
