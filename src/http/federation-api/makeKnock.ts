import { makeKnock } from '../../matrix/api/server-server/makeKnock.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId, requireUserId } from './path-ids.ts';

export function makeKnockRoute({ federation }: Services): FederationRoute {
  return federationRoute(makeKnock, async ({ caller, path, query }) => {
    return await federation.memberships.makeTemplate({
      membership: 'knock',
      roomId: requireRoomId(path['roomId']),
      user: requireUserId(path['userId']),
      origin: caller,
      versions: query.ver,
    });
  });
}
