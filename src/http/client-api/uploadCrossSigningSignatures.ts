import { uploadCrossSigningSignatures } from '../../matrix/api/client-server/uploadCrossSigningSignatures.ts';
import type { JsonValue } from '../../matrix/json.ts';
import { userMap } from './key-maps.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function uploadCrossSigningSignaturesRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    uploadCrossSigningSignatures,
    async ({ caller, body }) => {
      const uploads = userMap(
        body as Record<string, Record<string, JsonValue>>,
        (objects) => new Map(Object.entries(objects)),
      );
      const failures = await keys.crossSigning.addSignatures(caller.user, uploads);
      return {
        failures: Object.fromEntries([...failures].map(([user, ofUser]) => [user, Object.fromEntries(ofUser)])),
      } as never;
    },
    { limit: 'keys' },
  );
}
