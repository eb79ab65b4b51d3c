import { getRoomState } from '../../matrix/api/server-server/getRoomState.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function getRoomStateRoute({ federation }: Services): FederationRoute {
  return federationRoute(getRoomState, async ({ caller, path, query }) => {
    const roomId = requireRoomId(path['roomId']);
    return new JsonText(await federation.reads.getState(roomId, requireEventId(query.event_id), caller));
  });
}
