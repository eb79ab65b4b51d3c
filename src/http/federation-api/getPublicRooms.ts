import { getPublicRooms } from '../../matrix/api/server-server/getPublicRooms.ts';
import type { Services } from '../../server/services.ts';
import { publicRoomsAnswer } from '../client-api/public-rooms-answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function getPublicRoomsRoute({ directory }: Services): FederationRoute {
  return federationRoute(getPublicRooms, async ({ query: { limit, since } }) =>
    publicRoomsAnswer(await directory.listPublicRooms({ limit, since, term: undefined, roomTypes: undefined })),
  );
}
