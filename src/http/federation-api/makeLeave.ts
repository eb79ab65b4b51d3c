import { makeLeave } from '../../matrix/api/server-server/makeLeave.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId, requireUserId } from './path-ids.ts';

export function makeLeaveRoute({ federation }: Services): FederationRoute {
  return federationRoute(makeLeave, async ({ caller, path }) => {
    return await federation.memberships.makeTemplate({
      membership: 'leave',
      roomId: requireRoomId(path['roomId']),
      user: requireUserId(path['userId']),
      origin: caller,
      versions: undefined,
    });
  });
}
