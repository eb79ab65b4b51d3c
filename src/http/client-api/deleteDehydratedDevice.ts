import { deleteDehydratedDevice } from '../../matrix/api/client-server/deleteDehydratedDevice.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deleteDehydratedDeviceRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    deleteDehydratedDevice,
    async ({ caller }) => ({ device_id: await keys.dehydrated.delete(caller.user) }),
    { limit: 'keys' },
  );
}
