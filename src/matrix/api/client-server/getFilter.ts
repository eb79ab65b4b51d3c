import { endpoint } from '../declare.ts';
import { syncFilter } from '../definitions.ts';

/** Download a filter. */
export const getFilter = endpoint({
  id: 'getFilter',
  method: 'GET',
  path: '/_matrix/client/v3/user/{userId}/filter/{filterId}',
  access: 'required',
  rateLimited: false,
  response: syncFilter(),
});
