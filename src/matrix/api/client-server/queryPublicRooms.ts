import { anything, array, boolean, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { publicRoomsPage } from '../definitions.ts';

/** Lists a server's published room directory with an optional filter. */
export const queryPublicRooms = endpoint({
  id: 'queryPublicRooms',
  method: 'POST',
  path: '/_matrix/client/v3/publicRooms',
  access: 'required',
  rateLimited: false,
  query: object({ server: optional(string()) }),
  body: object({
    limit: optional(integer()),
    since: optional(string()),
    filter: optional(object({ generic_search_term: optional(string()), room_types: optional(array(anything())) })),
    include_all_networks: optional(boolean()),
    third_party_instance_id: optional(string()),
  }),
  response: publicRoomsPage(),
});
