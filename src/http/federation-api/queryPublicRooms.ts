import { queryPublicRooms } from '../../matrix/api/server-server/queryPublicRooms.ts';
import type { Services } from '../../server/services.ts';
import { publicRoomsAnswer } from '../client-api/public-rooms-answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function queryPublicRoomsRoute({ directory }: Services): FederationRoute {
  return federationRoute(queryPublicRooms, async ({ body }) => {
    const page = await directory.listPublicRooms({
      limit: body.limit,
      since: body.since,
      term: body.filter?.generic_search_term,
      roomTypes: body.filter?.room_types,
    });
    return publicRoomsAnswer(page);
  });
}
