import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MatrixError } from '../../matrix/errors.ts';
import { formatToken, parseToken } from '../timeline/token.ts';
import { formatSyncToken, parseSyncToken } from './sync-token.ts';

const number = fc.nat({ max: 10 ** 15 - 1 });
const token = fc.record({
  position: number,
  toDevice: number,
  typing: number,
  presence: number,
  epoch: fc.string({ unit: fc.constantFrom(...'0123456789abcxyz'), minLength: 1, maxLength: 16 }),
});

describe('tokens of /sync', () => {
  it('say again what they were made of', () => {
    fc.assert(
      fc.property(token, (one) => assert.deepEqual(parseSyncToken(formatSyncToken(one), one.epoch), { ...one })),
      { numRuns: 200 },
    );
  });

  it('of another start of the process begin anew what lives in memory', () => {
    const { typing, presence, position } = parseSyncToken('s5_4_3_2_old', 'new');
    assert.deepEqual([position, typing, presence], [5, 0, 0]);
  });

  it('are pagination tokens too, and the other way round', () => {
    fc.assert(
      fc.property(token, (one) => {
        assert.equal(parseToken(formatSyncToken(one)), one.position);
        assert.deepEqual(parseSyncToken(formatToken(one.position), one.epoch), {
          ...one,
          toDevice: one.position,
          typing: 0,
          presence: 0,
        });
      }),
      { numRuns: 50 },
    );
    assert.equal(parseToken('t-1'), -1);
  });

  it('are refused where they are none of ours', () => {
    const wrong = ['', 's', 'x5', 's-1', 's5_', 's5_4', 's5_4_3_2', 's5_4_3_2_', 's5_4_3_2_A', ' s5', 's5 ', 's1e3'];
    for (const text of [...wrong, `s${'9'.repeat(16)}`]) {
      assert.throws(
        () => parseSyncToken(text, 'a'),
        (error) => error instanceof MatrixError && error.code === 'M_INVALID_PARAM',
        text,
      );
    }
    for (const text of ['', 't', 't5_1', 't--1', 's-1', 's1_2_3_4_5_6', `t${'9'.repeat(16)}`]) {
      assert.throws(() => parseToken(text), MatrixError, text);
    }
  });
});
