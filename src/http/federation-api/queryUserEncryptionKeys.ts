import { queryUserEncryptionKeys } from '../../matrix/api/server-server/queryUserEncryptionKeys.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { byUserId } from './path-ids.ts';

export function queryUserEncryptionKeysRoute({ keys }: Services): FederationRoute {
  return federationRoute(queryUserEncryptionKeys, async ({ body }) => {
    return new JsonText(JSON.stringify(await keys.queryFor(byUserId(body.device_keys, (devices) => devices))));
  });
}
