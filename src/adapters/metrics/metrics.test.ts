import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './index.ts';

test('what was counted stands in the exposition', async () => {
  const metrics = createMetrics({ process: false });
  metrics.counter('postern_sends_total', 'Sends.', ['outcome']).add(2, 'ok');
  metrics.histogram('postern_send_seconds', 'Time of a send.', [0.1, 1]).observe(0.5);
  let rooms = 3;
  metrics.gauge('postern_rooms', 'Rooms.', () => rooms);
  const first = await metrics.render();
  assert.match(first, /postern_sends_total\{outcome="ok"\} 2/);
  assert.match(first, /postern_send_seconds_bucket\{le="1"\} 1/);
  assert.match(first, /postern_rooms 3/);
  rooms = 4;
  assert.match(await metrics.render(), /postern_rooms 4/);
});

test('two registries do not see each other', async () => {
  const [left, right] = [createMetrics({ process: false }), createMetrics({ process: false })];
  left.counter('postern_a', 'A.').add(1);
  right.counter('postern_a', 'A.').add(5);
  assert.match(await left.render(), /postern_a 1/);
});
