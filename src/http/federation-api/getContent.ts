import { getContent } from '../../matrix/api/server-server/getContent.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { multipartAnswer } from './multipart-answer.ts';

export function getContentRoute(services: Services): FederationRoute {
  const { context, media } = services;
  return federationRoute(
    getContent,
    async ({ path, query }) => {
      const asker = { user: undefined, timeoutMs: query.timeout_ms };
      const download = await media.download(context.serverName, path['mediaId'] ?? '', asker);
      return multipartAnswer(services, download);
    },
    { limit: 'read' },
  );
}
