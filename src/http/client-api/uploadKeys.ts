import { uploadKeys } from '../../matrix/api/client-server/uploadKeys.ts';
import type { JsonValue } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function uploadKeysRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    uploadKeys,
    async ({ caller, body }) => {
      const counts = await keys.deviceKeys.upload(caller.user, caller.device, {
        deviceKeys: body.device_keys as JsonValue | undefined,
        oneTimeKeys: body.one_time_keys as JsonValue | undefined,
        fallbackKeys: body.fallback_keys as JsonValue | undefined,
      });
      return { one_time_key_counts: Object.fromEntries(counts) };
    },
    { limit: 'keys' },
  );
}
