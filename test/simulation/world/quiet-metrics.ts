/** Metrics that nobody reads. */
import type { Metrics } from '../../../src/ports/metrics.ts';

export const quietMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  gauge: () => undefined,
  render: () => Promise.resolve(''),
};
