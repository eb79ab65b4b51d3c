import { anyObject, array, integer, object, optional, string, union } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Invites a remote user to a room. */
export const sendInviteV1 = endpoint({
  id: 'sendInviteV1',
  method: 'PUT',
  path: '/_matrix/federation/v1/invite/{roomId}/{eventId}',
  access: 'server',
  rateLimited: false,
  body: object({
    sender: string(),
    origin: optional(string()),
    origin_server_ts: integer(),
    type: string(),
    state_key: string(),
    content: object({ membership: string() }),
    unsigned: optional(object({ invite_room_state: optional(array(anyObject())) })),
  }),
  response: array(union([integer(), object({ event: anyObject() })])),
});
