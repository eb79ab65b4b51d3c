import assert from 'node:assert/strict';
import { test } from 'node:test';
import { killRounds } from './rounds.ts';

const SEED = Number(process.env['POSTERN_SEED'] ?? '1');

test('kill -9 under load: nothing acknowledged is lost, clients resume', { timeout: 120_000 }, async (t) => {
  const tally = await killRounds(5, SEED, (text) => t.diagnostic(text));
  assert.equal(tally.rounds, 5);
  assert.ok(tally.acknowledged > 0);
});
