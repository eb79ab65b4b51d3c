import { sendJoinV2 } from '../../matrix/api/server-server/sendJoinV2.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function sendJoinV2Route({ federation }: Services): FederationRoute {
  return federationRoute(sendJoinV2, async ({ caller, path, query, request }) => {
    const sent = {
      membership: 'join' as const,
      roomId: requireRoomId(path['roomId']),
      eventId: requireEventId(path['eventId']),
      origin: caller,
      bytes: await request.whole(),
    };
    return new JsonText(await federation.memberships.join(sent, { omitsMembers: query.omit_members === true }));
  });
}
