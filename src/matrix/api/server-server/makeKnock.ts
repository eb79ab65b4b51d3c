import { anyObject, array, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Get information required to make a knock event for a room. */
export const makeKnock = endpoint({
  id: 'makeKnock',
  method: 'GET',
  path: '/_matrix/federation/v1/make_knock/{roomId}/{userId}',
  access: 'server',
  rateLimited: false,
  query: object({ ver: array(string()) }),
  response: object({ room_version: string(), event: anyObject() }),
});
