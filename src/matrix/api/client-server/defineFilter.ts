import { object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { syncFilter } from '../definitions.ts';

/** Upload a new filter. */
export const defineFilter = endpoint({
  id: 'defineFilter',
  method: 'POST',
  path: '/_matrix/client/v3/user/{userId}/filter',
  access: 'required',
  rateLimited: false,
  body: syncFilter(),
  response: object({ filter_id: string() }),
});
