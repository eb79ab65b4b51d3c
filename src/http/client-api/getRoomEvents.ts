import { getRoomEvents } from '../../matrix/api/client-server/getRoomEvents.ts';
import { JsonText } from '../kit/answer.ts';
import { formatToken, parseToken } from '../../server/timeline/index.ts';
import { joinTexts } from './json-texts.ts';
import { readFilter } from './read-filter.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getRoomEventsRoute({ reader }: Services): ClientRoute {
  return clientRoute(
    getRoomEvents,
    async ({ caller, path, query }) => {
      const view = await reader.requireView(caller.user, requireRoomId(path['roomId']));
      const page = await reader.page(caller, view, {
        from: query.from === undefined ? undefined : parseToken(query.from),
        to: query.to === undefined ? undefined : parseToken(query.to),
        direction: query.dir === 'b' ? 'backwards' : 'forwards',
        limit: query.limit ?? 10,
        filter: readFilter(query.filter),
      });
      const end = page.end === undefined ? '' : `,"end":"${formatToken(page.end)}"`;
      const state = page.state.length === 0 ? '' : `,"state":${joinTexts(page.state)}`;
      return new JsonText(`{"chunk":${joinTexts(page.chunk)},"start":"${formatToken(page.start)}"${end}${state}}`);
    },
    { limit: 'read' },
  );
}
