import { endpoint } from '../declare.ts';

/** Metrics in the text format of Prometheus. */
export const getMetrics = endpoint({
  id: 'getMetrics',
  method: 'GET',
  path: '/metrics',
  access: 'none',
  rateLimited: false,
});
