import { uploadContentToMXC } from '../../matrix/api/client-server/uploadContentToMXC.ts';
import { requireActive } from '../client-api/require-active.ts';
import { uploadOf } from './upload.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function uploadContentToMXCRoute({ media }: Services): ClientRoute {
  return clientRoute(
    uploadContentToMXC,
    async ({ caller, path, query, request }) => {
      requireActive(caller);
      await media.fill(path['serverName'] ?? '', path['mediaId'] ?? '', uploadOf(caller.user, request, query.filename));
      return {};
    },
    { limit: 'media', rawBody: true },
  );
}
