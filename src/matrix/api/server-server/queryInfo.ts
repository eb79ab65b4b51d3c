import { endpoint } from '../declare.ts';

/** Query for information. */
export const queryInfo = endpoint({
  id: 'queryInfo',
  method: 'GET',
  path: '/_matrix/federation/v1/query/{queryType}',
  access: 'server',
  rateLimited: false,
});
