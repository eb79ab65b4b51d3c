import { anyObject, array, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { memberPdu } from './definitions.ts';

/** Submit a signed knock event to a resident server. */
export const sendKnock = endpoint({
  id: 'sendKnock',
  method: 'PUT',
  path: '/_matrix/federation/v1/send_knock/{roomId}/{eventId}',
  access: 'server',
  rateLimited: false,
  body: memberPdu(),
  response: object({ knock_room_state: array(anyObject()) }),
});
