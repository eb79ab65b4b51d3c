import { sendKnock } from '../../matrix/api/server-server/sendKnock.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function sendKnockRoute({ federation }: Services): FederationRoute {
  return federationRoute(sendKnock, async ({ caller, path, request }) => {
    const sent = {
      membership: 'knock' as const,
      roomId: requireRoomId(path['roomId']),
      eventId: requireEventId(path['eventId']),
      origin: caller,
      bytes: await request.whole(),
    };
    return await federation.memberships.knock(sent);
  });
}
