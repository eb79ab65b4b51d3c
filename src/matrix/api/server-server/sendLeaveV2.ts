import { anyObject, integer, object } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { memberPdu } from './definitions.ts';

/** Submit a signed leave event to a resident server. */
export const sendLeaveV2 = endpoint({
  id: 'sendLeaveV2',
  method: 'PUT',
  path: '/_matrix/federation/v2/send_leave/{roomId}/{eventId}',
  access: 'server',
  rateLimited: false,
  // "This field must be present but is ignored; it may be 0."
  body: object({ ...memberPdu().properties, depth: integer() }),
  response: anyObject(),
});
