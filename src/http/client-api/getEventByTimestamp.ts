import { getEventByTimestamp } from '../../matrix/api/client-server/getEventByTimestamp.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getEventByTimestampRoute({ surroundings }: Services): ClientRoute {
  return clientRoute(
    getEventByTimestamp,
    async ({ caller, path, query }) => {
      const event = await surroundings.findByTimestamp(caller, requireRoomId(path['roomId']), {
        timestamp: query.ts,
        direction: query.dir === 'b' ? 'backwards' : 'forwards',
      });
      if (event === undefined) throw new MatrixError('M_NOT_FOUND', 'There is no event on that side of the time');
      return { event_id: event.eventId, origin_server_ts: event.pdu.originServerTs };
    },
    { limit: 'read' },
  );
}
