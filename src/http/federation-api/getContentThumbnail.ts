import { getContentThumbnail } from '../../matrix/api/server-server/getContentThumbnail.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { multipartAnswer } from './multipart-answer.ts';

export function getContentThumbnailRoute(services: Services): FederationRoute {
  const { context, media } = services;
  return federationRoute(
    getContentThumbnail,
    async ({ path, query }) => {
      const { width, height, method = 'scale', animated = false, timeout_ms: timeoutMs } = query;
      const wish = { width, height, method, animated, user: undefined, timeoutMs };
      const thumbnail = await media.thumbnail(context.serverName, path['mediaId'] ?? '', wish);
      return multipartAnswer(services, thumbnail);
    },
    { limit: 'read' },
  );
}
