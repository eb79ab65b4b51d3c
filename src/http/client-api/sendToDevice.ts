import { sendToDevice } from '../../matrix/api/client-server/sendToDevice.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { userMap } from './key-maps.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function sendToDeviceRoute({ toDevice }: Services): ClientRoute {
  return clientRoute(
    sendToDevice,
    async ({ caller, path, body }) => {
      const messages = userMap(
        body.messages,
        (devices) => new Map(Object.entries(devices) as unknown as [string, JsonObject][]),
      );
      await toDevice.send({
        sender: caller.user,
        device: caller.device,
        transactionId: path['txnId'] ?? '',
        type: path['eventType'] ?? '',
        messages,
      });
      return {};
    },
    { limit: 'keys' },
  );
}
