import { getDehydratedDevice } from '../../matrix/api/client-server/getDehydratedDevice.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getDehydratedDeviceRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    getDehydratedDevice,
    async ({ caller }) => {
      const { device, deviceData } = await keys.dehydrated.require(caller.user);
      return { device_id: device, device_data: deviceData };
    },
    { limit: 'keys' },
  );
}
