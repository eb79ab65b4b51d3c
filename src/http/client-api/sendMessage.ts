import { sendMessage } from '../../matrix/api/client-server/sendMessage.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function sendMessageRoute({ timeline }: Services): ClientRoute {
  return clientRoute(
    sendMessage,
    async ({ caller, path, body }) => {
      requireActive(caller);
      const eventId = await timeline.send({
        roomId: requireRoomId(path['roomId']),
        sender: caller.user,
        device: caller.device,
        type: path['eventType'] ?? '',
        content: body as unknown as JsonObject,
        transactionId: path['txnId'] ?? '',
      });
      return { event_id: eventId };
    },
    { limit: 'message' },
  );
}
