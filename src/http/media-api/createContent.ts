import { createContent } from '../../matrix/api/client-server/createContent.ts';
import { requireActive } from '../client-api/require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function createContentRoute({ media }: Services): ClientRoute {
  return clientRoute(
    createContent,
    async ({ caller }) => {
      requireActive(caller);
      const { uri, expiresAt } = await media.reserve(caller.user);
      return { content_uri: uri, unused_expires_at: expiresAt };
    },
    { limit: 'media' },
  );
}
