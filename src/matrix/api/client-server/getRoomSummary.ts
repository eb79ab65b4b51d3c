import { array, boolean, integer, object, oneOf, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Retrieves a summary for a room. */
export const getRoomSummary = endpoint({
  id: 'getRoomSummary',
  method: 'GET',
  path: '/_matrix/client/v1/room_summary/{roomIdOrAlias}',
  access: 'required',
  rateLimited: false,
  query: object({ via: optional(array(string())) }),
  response: object({
    canonical_alias: optional(string()),
    name: optional(string()),
    num_joined_members: integer(),
    room_id: string(),
    topic: optional(string()),
    world_readable: boolean(),
    guest_can_join: boolean(),
    avatar_url: optional(string()),
    join_rule: optional(string()),
    room_type: optional(string()),
    allowed_room_ids: optional(array(string())),
    encryption: optional(oneOf(['m.megolm.v1.aes-sha2'])),
    room_version: optional(string()),
    membership: optional(oneOf(['invite', 'join', 'knock', 'leave', 'ban'])),
  }),
});
