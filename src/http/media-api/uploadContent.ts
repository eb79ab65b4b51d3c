import { uploadContent } from '../../matrix/api/client-server/uploadContent.ts';
import { requireActive } from '../client-api/require-active.ts';
import { uploadOf } from './upload.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function uploadContentRoute({ media }: Services): ClientRoute {
  return clientRoute(
    uploadContent,
    async ({ caller, query, request }) => {
      requireActive(caller);
      return { content_uri: await media.upload(uploadOf(caller.user, request, query.filename)) };
    },
    { limit: 'media', rawBody: true },
  );
}
