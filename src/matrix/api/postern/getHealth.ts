import { object, oneOf } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Whether the server answers and its store can be read. Ours: for supervisors and load balancers. */
export const getHealth = endpoint({
  id: 'getHealth',
  method: 'GET',
  path: '/health',
  access: 'none',
  rateLimited: false,
  response: object({ status: oneOf(['ok']) }),
});
