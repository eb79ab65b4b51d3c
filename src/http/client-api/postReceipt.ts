import { postReceipt } from '../../matrix/api/client-server/postReceipt.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireEventId, requireRoomId } from './client-route.ts';

export function postReceiptRoute({ receipts }: Services): ClientRoute {
  return clientRoute(
    postReceipt,
    async ({ caller, path, body }) => {
      await receipts.set({
        roomId: requireRoomId(path['roomId']),
        user: caller.user,
        type: path['receiptType'] ?? '',
        event: requireEventId(path['eventId']),
        thread: body.thread_id,
      });
      return {};
    },
    { limit: 'write' },
  );
}
