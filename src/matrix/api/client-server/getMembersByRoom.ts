import { array, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { clientEvent } from '../definitions.ts';

/** Get the m.room.member events for the room. */
export const getMembersByRoom = endpoint({
  id: 'getMembersByRoom',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/members',
  access: 'required',
  rateLimited: false,
  query: object({
    at: optional(string()),
    membership: optional(oneOf(['join', 'invite', 'knock', 'leave', 'ban'])),
    not_membership: optional(oneOf(['join', 'invite', 'knock', 'leave', 'ban'])),
  }),
  response: object({
    chunk: optional(array(clientEvent())),
  }),
});
