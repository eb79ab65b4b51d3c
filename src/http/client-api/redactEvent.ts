import { redactEvent } from '../../matrix/api/client-server/redactEvent.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireEventId, requireRoomId } from './client-route.ts';

export function redactEventRoute({ timeline, rooms }: Services): ClientRoute {
  return clientRoute(
    redactEvent,
    async ({ caller, path, body }) => {
      const { reason } = body;
      const redacts = requireEventId(path['eventId']);
      // Forbidden to suspended users is "redacting other users' events"; their own they may.
      const isOwn = caller.suspended && (await rooms.events.find(redacts))?.pdu.sender === caller.user;
      if (!isOwn) requireActive(caller);
      const eventId = await timeline.send({
        roomId: requireRoomId(path['roomId']),
        sender: caller.user,
        device: caller.device,
        type: 'm.room.redaction',
        content: reason === undefined ? {} : { reason },
        redacts,
        transactionId: path['txnId'] ?? '',
      });
      return { event_id: eventId };
    },
    { limit: 'message' },
  );
}
