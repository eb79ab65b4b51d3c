import { claimKeys } from '../../matrix/api/client-server/claimKeys.ts';
import type { DeviceId } from '../../matrix/ids.ts';
import { userMap } from './key-maps.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function claimKeysRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    claimKeys,
    async ({ body }) => {
      const wishes = userMap(body.one_time_keys, (devices) => new Map(Object.entries(devices) as [DeviceId, string][]));
      return { one_time_keys: (await keys.deviceKeys.claim(wishes)) as never, failures: {} };
    },
    { limit: 'keys' },
  );
}
