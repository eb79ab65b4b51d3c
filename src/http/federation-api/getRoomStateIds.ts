import { getRoomStateIds } from '../../matrix/api/server-server/getRoomStateIds.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function getRoomStateIdsRoute({ federation }: Services): FederationRoute {
  return federationRoute(getRoomStateIds, async ({ caller, path, query }) => {
    const roomId = requireRoomId(path['roomId']);
    return new JsonText(await federation.reads.getStateIds(roomId, requireEventId(query.event_id), caller));
  });
}
