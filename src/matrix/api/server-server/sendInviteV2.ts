import { anyObject, array, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { memberPdu } from './definitions.ts';

/** Invites a remote user to a room. */
export const sendInviteV2 = endpoint({
  id: 'sendInviteV2',
  method: 'PUT',
  path: '/_matrix/federation/v2/invite/{roomId}/{eventId}',
  access: 'server',
  rateLimited: false,
  body: object({ room_version: string(), event: memberPdu(), invite_room_state: optional(array(anyObject())) }),
  response: object({ event: memberPdu() }),
});
