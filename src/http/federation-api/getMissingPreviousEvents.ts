import { getMissingPreviousEvents } from '../../matrix/api/server-server/getMissingPreviousEvents.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId, eventIdsOf } from './path-ids.ts';

export function getMissingPreviousEventsRoute({ federation }: Services): FederationRoute {
  return federationRoute(getMissingPreviousEvents, async ({ caller, path, body }) => {
    const { earliest_events: earliest, latest_events: latest, limit = 10, min_depth: minDepth = 0 } = body;
    const request = { earliest: eventIdsOf(earliest), latest: eventIdsOf(latest), limit, minDepth };
    return new JsonText(await federation.reads.getMissingEvents(requireRoomId(path['roomId']), request, caller));
  });
}
