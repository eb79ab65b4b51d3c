import { deleteDevices } from '../../matrix/api/client-server/deleteDevices.ts';
import type { DeviceId } from '../../matrix/ids.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function deleteDevicesRoute({ accounts, devices }: Services): ClientRoute {
  return clientRoute(
    deleteDevices,
    async ({ caller, body }) => {
      const doomed = body.devices as DeviceId[];
      await accounts.requireConfirmation(caller.user, `deleteDevices ${doomed.toSorted().join(' ')}`, body.auth);
      await devices.delete(caller.user, doomed);
      return {};
    },
    { limit: 'write' },
  );
}
