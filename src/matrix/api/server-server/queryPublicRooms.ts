import { anything, array, boolean, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { publicRoomsPage } from '../definitions.ts';

/** Lists the server's published room directory with an optional filter. */
export const queryPublicRooms = endpoint({
  id: 'queryPublicRooms',
  method: 'POST',
  path: '/_matrix/federation/v1/publicRooms',
  access: 'server',
  rateLimited: false,
  body: object({
    limit: optional(integer()),
    since: optional(string()),
    filter: optional(object({ generic_search_term: optional(string()), room_types: optional(array(anything())) })),
    include_all_networks: optional(boolean()),
    third_party_instance_id: optional(string()),
  }),
  response: publicRoomsPage(),
});
