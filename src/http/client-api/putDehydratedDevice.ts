import { putDehydratedDevice } from '../../matrix/api/client-server/putDehydratedDevice.ts';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import type { DeviceId } from '../../matrix/ids.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function putDehydratedDeviceRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    putDehydratedDevice,
    async ({ caller, body }) => ({
      device_id: await keys.dehydrated.put(caller.user, {
        device: body.device_id as DeviceId,
        deviceData: body.device_data as JsonObject,
        displayName: body.initial_device_display_name,
        deviceKeys: body.device_keys as JsonValue,
        oneTimeKeys: body.one_time_keys as JsonValue | undefined,
        fallbackKeys: body.fallback_keys as JsonValue | undefined,
      }),
    }),
    { limit: 'keys' },
  );
}
