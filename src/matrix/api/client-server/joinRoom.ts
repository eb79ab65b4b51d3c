import { array, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Join the requesting user to a particular room. */
export const joinRoom = endpoint({
  id: 'joinRoom',
  method: 'POST',
  path: '/_matrix/client/v3/join/{roomIdOrAlias}',
  access: 'required',
  rateLimited: true,
  query: object({ via: optional(array(string())) }),
  body: object({
    third_party_signed: optional(
      object({ sender: string(), mxid: string(), token: string(), signatures: record(record(string())) }),
    ),
    reason: optional(string()),
  }),
  response: object({ room_id: string() }),
});
