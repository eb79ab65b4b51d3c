import { boolean, integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { publicRoomsPage } from '../definitions.ts';

/** Lists the server's published room directory. */
export const getPublicRooms = endpoint({
  id: 'getPublicRooms',
  method: 'GET',
  path: '/_matrix/federation/v1/publicRooms',
  access: 'server',
  rateLimited: false,
  query: object({
    limit: optional(integer()),
    since: optional(string()),
    include_all_networks: optional(boolean()),
    third_party_instance_id: optional(string()),
  }),
  response: publicRoomsPage(),
});
