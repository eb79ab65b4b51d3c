import { getEventByTimestamp } from '../../matrix/api/server-server/getEventByTimestamp.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId } from './path-ids.ts';

export function getEventByTimestampRoute({ federation }: Services): FederationRoute {
  return federationRoute(getEventByTimestamp, async ({ caller, path, query }) => {
    const direction = query.dir === 'f' ? ('forwards' as const) : ('backwards' as const);
    const request = { timestamp: query.ts, direction };
    return await federation.reads.findByTimestamp(requireRoomId(path['roomId']), request, caller);
  });
}
