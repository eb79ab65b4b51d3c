import { queryKeys } from '../../matrix/api/client-server/queryKeys.ts';
import { userMap } from './key-maps.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function queryKeysRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    queryKeys,
    async ({ caller, body }) =>
      (await keys.query(
        caller.user,
        userMap(body.device_keys, (devices) => devices),
        body.timeout,
      )) as never,
    { limit: 'keys' },
  );
}
