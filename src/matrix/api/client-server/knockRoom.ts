import { array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Knock on a room, requesting permission to join. */
export const knockRoom = endpoint({
  id: 'knockRoom',
  method: 'POST',
  path: '/_matrix/client/v3/knock/{roomIdOrAlias}',
  access: 'required',
  rateLimited: true,
  query: object({ via: optional(array(string())) }),
  body: object({ reason: optional(string()) }),
  response: object({ room_id: string() }),
});
