import { getContent } from '../../matrix/api/client-server/getContent.ts';
import { downloadAnswer } from './download-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getContentRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContent,
    async ({ path, query }) =>
      downloadAnswer(
        await media.download(path['serverName'] ?? '', path['mediaId'] ?? '', { timeoutMs: query.timeout_ms }),
      ),
    { limit: 'read' },
  );
}
