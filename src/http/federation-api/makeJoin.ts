import { makeJoin } from '../../matrix/api/server-server/makeJoin.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId, requireUserId } from './path-ids.ts';

export function makeJoinRoute({ federation }: Services): FederationRoute {
  return federationRoute(makeJoin, async ({ caller, path, query }) => {
    return await federation.memberships.makeTemplate({
      membership: 'join',
      roomId: requireRoomId(path['roomId']),
      user: requireUserId(path['userId']),
      origin: caller,
      versions: query.ver ?? ['1'],
    });
  });
}
