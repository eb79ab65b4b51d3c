import { getDevice } from '../../matrix/api/client-server/getDevice.ts';
import type { DeviceId } from '../../matrix/ids.ts';
import { deviceAnswer } from './device-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getDeviceRoute({ devices }: Services): ClientRoute {
  return clientRoute(getDevice, async ({ caller, path }) =>
    deviceAnswer(await devices.require(caller.user, path['deviceId'] as DeviceId)),
  );
}
