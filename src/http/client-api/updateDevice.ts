import { updateDevice } from '../../matrix/api/client-server/updateDevice.ts';
import type { DeviceId } from '../../matrix/ids.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function updateDeviceRoute({ devices }: Services): ClientRoute {
  return clientRoute(
    updateDevice,
    async ({ caller, path, body }) => {
      await devices.rename(caller.user, path['deviceId'] as DeviceId, body.display_name);
      return {};
    },
    { limit: 'write' },
  );
}
