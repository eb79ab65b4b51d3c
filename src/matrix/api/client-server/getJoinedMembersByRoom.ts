import { object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Gets the list of currently joined users and their profile data. */
export const getJoinedMembersByRoom = endpoint({
  id: 'getJoinedMembersByRoom',
  method: 'GET',
  path: '/_matrix/client/v3/rooms/{roomId}/joined_members',
  access: 'required',
  rateLimited: false,
  response: object({
    joined: optional(record(object({ display_name: optional(string()), avatar_url: optional(string()) }))),
  }),
});
