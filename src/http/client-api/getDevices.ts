import { getDevices } from '../../matrix/api/client-server/getDevices.ts';
import { deviceAnswer } from './device-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getDevicesRoute({ devices }: Services): ClientRoute {
  return clientRoute(getDevices, async ({ caller }) => ({
    devices: (await devices.list(caller.user)).map(deviceAnswer),
  }));
}
