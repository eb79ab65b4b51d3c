import { redactEvent } from '../../matrix/api/client-server/redactEvent.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireEventId, requireRoomId } from './client-route.ts';

export function redactEventRoute({ timeline }: Services): ClientRoute {
  return clientRoute(
    redactEvent,
    async ({ caller, path, body }) => {
      const { reason } = body;
      const eventId = await timeline.send({
        roomId: requireRoomId(path['roomId']),
        sender: caller.user,
        device: caller.device,
        type: 'm.room.redaction',
        content: reason === undefined ? {} : { reason },
        redacts: requireEventId(path['eventId']),
        transactionId: path['txnId'] ?? '',
      });
      return { event_id: eventId };
    },
    { limit: 'message' },
  );
}
