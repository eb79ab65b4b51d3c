import { getContentAuthed } from '../../matrix/api/client-server/getContentAuthed.ts';
import { downloadAnswer } from './download-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getContentAuthedRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentAuthed,
    async ({ path, query }) =>
      downloadAnswer(
        await media.download(path['serverName'] ?? '', path['mediaId'] ?? '', { timeoutMs: query.timeout_ms }),
      ),
    { limit: 'read' },
  );
}
