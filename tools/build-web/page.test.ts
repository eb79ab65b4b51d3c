import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headersFor } from './page.ts';

test('no page of ours stands in the frame of another, whatever the browser knows (adv-080)', () => {
  const rules = headersFor('body { margin: 0 }');
  for (const [place, headers] of Object.entries(rules)) {
    assert.equal(headers['x-frame-options'], 'DENY', place);
    const policy = headers['content-security-policy'];
    if (place !== '/*') assert.match(policy ?? '', /(^|; )frame-ancestors 'none'(;|$)/, place);
  }
  assert.match(rules['/']?.['content-security-policy'] ?? '', /(^|; )frame-src 'none'(;|$)/);
});
