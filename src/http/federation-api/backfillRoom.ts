import { backfillRoom } from '../../matrix/api/server-server/backfillRoom.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId, eventIdsOf } from './path-ids.ts';

export function backfillRoomRoute({ federation }: Services): FederationRoute {
  return federationRoute(backfillRoom, async ({ caller, path, query }) => {
    const roomId = requireRoomId(path['roomId']);
    const request = { from: eventIdsOf(query.v), limit: query.limit };
    return new JsonText(await federation.reads.backfill(roomId, request, caller));
  });
}
