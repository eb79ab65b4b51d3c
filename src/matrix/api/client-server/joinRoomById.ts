import { object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Join the requesting user to a particular room. */
export const joinRoomById = endpoint({
  id: 'joinRoomById',
  method: 'POST',
  path: '/_matrix/client/v3/rooms/{roomId}/join',
  access: 'required',
  rateLimited: true,
  body: object({
    third_party_signed: optional(
      object({ sender: string(), mxid: string(), token: string(), signatures: record(record(string())) }),
    ),
    reason: optional(string()),
  }),
  response: object({ room_id: string() }),
});
