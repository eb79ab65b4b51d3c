import { integer, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { publicRoomsPage } from '../definitions.ts';

/** Lists a server's published room directory. */
export const getPublicRooms = endpoint({
  id: 'getPublicRooms',
  method: 'GET',
  path: '/_matrix/client/v3/publicRooms',
  access: 'none',
  rateLimited: false,
  query: object({ limit: optional(integer()), since: optional(string()), server: optional(string()) }),
  response: publicRoomsPage(),
});
