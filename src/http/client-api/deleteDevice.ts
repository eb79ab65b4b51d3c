import { deleteDevice } from '../../matrix/api/client-server/deleteDevice.ts';
import type { DeviceId } from '../../matrix/ids.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deleteDeviceRoute({ accounts, devices }: Services): ClientRoute {
  return clientRoute(
    deleteDevice,
    async ({ caller, path, body }) => {
      const device = path['deviceId'] as DeviceId;
      await accounts.requireConfirmation(caller.user, `deleteDevice ${device}`, body.auth);
      await devices.delete(caller.user, [device]);
      return {};
    },
    { limit: 'write' },
  );
}
