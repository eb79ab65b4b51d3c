import { sendLeaveV2 } from '../../matrix/api/server-server/sendLeaveV2.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function sendLeaveV2Route({ federation }: Services): FederationRoute {
  return federationRoute(sendLeaveV2, async ({ caller, path, request }) => {
    const sent = {
      membership: 'leave' as const,
      roomId: requireRoomId(path['roomId']),
      eventId: requireEventId(path['eventId']),
      origin: caller,
      bytes: await request.whole(),
    };
    await federation.memberships.leave(sent);
    return {};
  });
}
