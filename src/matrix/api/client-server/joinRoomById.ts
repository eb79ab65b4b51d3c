import { object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { joinBody } from '../definitions.ts';

/** Join the requesting user to a particular room. */
export const joinRoomById = endpoint({
  id: 'joinRoomById',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/join',
  access: 'required',
  rateLimited: true,
  body: joinBody(),
  response: object({ room_id: string() }),
});
