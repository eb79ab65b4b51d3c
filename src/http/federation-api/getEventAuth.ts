import { getEventAuth } from '../../matrix/api/server-server/getEventAuth.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function getEventAuthRoute({ federation }: Services): FederationRoute {
  return federationRoute(getEventAuth, async ({ caller, path }) => {
    const roomId = requireRoomId(path['roomId']);
    return new JsonText(await federation.reads.getEventAuth(roomId, requireEventId(path['eventId']), caller));
  });
}
