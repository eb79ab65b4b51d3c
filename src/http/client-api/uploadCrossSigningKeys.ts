import { uploadCrossSigningKeys } from '../../matrix/api/client-server/uploadCrossSigningKeys.ts';
import type { CrossSigningUpload } from '../../server/keys/index.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function uploadCrossSigningKeysRoute({ keys, accounts }: Services): ClientRoute {
  return clientRoute(
    uploadCrossSigningKeys,
    async ({ caller, body }) => {
      const upload = {
        ...(body.master_key !== undefined && { master: body.master_key }),
        ...(body.self_signing_key !== undefined && { self_signing: body.self_signing_key }),
        ...(body.user_signing_key !== undefined && { user_signing: body.user_signing_key }),
      } as unknown as CrossSigningUpload;
      if (await keys.crossSigning.needsConfirmation(caller.user, upload)) {
        await accounts.requireConfirmation(caller.user, 'uploadCrossSigningKeys', body.auth);
      }
      await keys.crossSigning.upload(caller.user, upload);
      return {};
    },
    { limit: 'keys' },
  );
}
