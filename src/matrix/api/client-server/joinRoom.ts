import { array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { joinBody } from '../definitions.ts';

/** Join the requesting user to a particular room. */
export const joinRoom = endpoint({
  id: 'joinRoom',
  method: 'POST',
  path: '/_matrix/client/v3/join/{roomIdOrAlias}',
  access: 'required',
  rateLimited: true,
  query: object({ via: optional(array(string())) }),
  body: joinBody(),
  response: object({ room_id: string() }),
});
