import { getEventContext } from '../../matrix/api/client-server/getEventContext.ts';
import { JsonText } from '../kit/answer.ts';
import { formatToken } from '../../server/timeline/index.ts';
import { joinTexts } from './json-texts.ts';
import { readFilter } from './read-filter.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireEventId, requireRoomId } from './client-route.ts';

export function getEventContextRoute({ surroundings }: Services): ClientRoute {
  return clientRoute(
    getEventContext,
    async ({ caller, path, query }) => {
      const context = await surroundings.getContext(caller, requireRoomId(path['roomId']), {
        eventId: requireEventId(path['eventId']),
        limit: query.limit ?? 10,
        filter: readFilter(query.filter),
      });
      return new JsonText(
        `{"start":"${formatToken(context.start)}","end":"${formatToken(context.end)}","event":${context.event}` +
          `,"events_before":${joinTexts(context.before)},"events_after":${joinTexts(context.after)}` +
          `,"state":${joinTexts(context.state)}}`,
      );
    },
    { limit: 'read' },
  );
}
