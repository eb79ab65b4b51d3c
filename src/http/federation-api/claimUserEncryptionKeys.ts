import { claimUserEncryptionKeys } from '../../matrix/api/server-server/claimUserEncryptionKeys.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { deviceMap } from '../kit/device-map.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { byUserId } from './path-ids.ts';

export function claimUserEncryptionKeysRoute({ keys }: Services): FederationRoute {
  return federationRoute(claimUserEncryptionKeys, async ({ body }) => {
    const claimed = await keys.claimFor(byUserId(body.one_time_keys, deviceMap));
    return new JsonText(JSON.stringify({ one_time_keys: claimed }));
  });
}
