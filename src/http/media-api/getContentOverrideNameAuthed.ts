import { getContentOverrideNameAuthed } from '../../matrix/api/client-server/getContentOverrideNameAuthed.ts';
import { downloadAnswer } from './download-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from '../client-api/client-route.ts';

export function getContentOverrideNameAuthedRoute({ media }: Services): ClientRoute {
  return clientRoute(
    getContentOverrideNameAuthed,
    async ({ path, query }) =>
      downloadAnswer(
        await media.download(path['serverName'] ?? '', path['mediaId'] ?? '', {
          timeoutMs: query.timeout_ms,
          fileName: path['fileName'],
        }),
      ),
    { limit: 'read' },
  );
}
