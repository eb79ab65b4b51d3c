import { claimKeys } from '../../matrix/api/client-server/claimKeys.ts';
import { deviceMap } from '../kit/device-map.ts';
import { userMap } from './key-maps.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function claimKeysRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    claimKeys,
    async ({ body }) => {
      const wishes = userMap(body.one_time_keys, deviceMap);
      return (await keys.claim(wishes, body.timeout)) as never;
    },
    { limit: 'keys' },
  );
}
