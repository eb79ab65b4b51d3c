import { array, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get a list of local aliases on a given room. */
export const getLocalAliases = endpoint({
  id: 'getLocalAliases',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/aliases',
  access: 'required',
  rateLimited: true,
  response: object({ aliases: array(string()) }),
});
