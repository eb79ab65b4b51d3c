import { anyObject, array, boolean, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { memberPdu } from './definitions.ts';

/** Submit a signed join event to a resident server. */
export const sendJoinV2 = endpoint({
  id: 'sendJoinV2',
  method: 'PUT',
  path: '/_matrix/federation/v2/send_join/{roomId}/{eventId}',
  access: 'server',
  rateLimited: false,
  query: object({ omit_members: optional(boolean()) }),
  body: memberPdu(),
  response: object({
    members_omitted: optional(boolean()),
    auth_chain: array(anyObject()),
    state: array(anyObject()),
    event: optional(anyObject()),
    servers_in_room: optional(array(string())),
  }),
});
