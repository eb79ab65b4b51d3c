import { array, boolean, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Lists a server's published room directory. */
export const getPublicRooms = endpoint({
  id: 'getPublicRooms',
  method: 'GET',
  path: '/_matrix/client/v3/publicRooms',
  access: 'none',
  rateLimited: false,
  query: object({ limit: optional(integer()), since: optional(string()), server: optional(string()) }),
  response: object({
    chunk: array(
      object({
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
      }),
    ),
    next_batch: optional(string()),
    prev_batch: optional(string()),
    total_room_count_estimate: optional(integer()),
  }),
});
