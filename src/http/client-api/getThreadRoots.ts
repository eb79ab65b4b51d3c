import { getThreadRoots } from '../../matrix/api/client-server/getThreadRoots.ts';
import { JsonText } from '../kit/answer.ts';
import { formatToken, parseToken } from '../../server/timeline/index.ts';
import { joinTexts } from './json-texts.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getThreadRootsRoute({ surroundings }: Services): ClientRoute {
  return clientRoute(
    getThreadRoots,
    async ({ caller, path, query }) => {
      const page = await surroundings.pageThreads(caller, requireRoomId(path['roomId']), {
        from: query.from === undefined ? undefined : parseToken(query.from),
        limit: query.limit ?? 20,
        participated: query.include === 'participated',
      });
      const next = page.next === undefined ? '' : `,"next_batch":"${formatToken(page.next)}"`;
      return new JsonText(`{"chunk":${joinTexts(page.chunk)}${next}}`);
    },
    { limit: 'read' },
  );
}
