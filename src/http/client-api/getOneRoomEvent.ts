import { getOneRoomEvent } from '../../matrix/api/client-server/getOneRoomEvent.ts';
import { JsonText } from '../kit/answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireEventId, requireRoomId } from './client-route.ts';

export function getOneRoomEventRoute({ reader }: Services): ClientRoute {
  return clientRoute(
    getOneRoomEvent,
    async ({ caller, path }) =>
      new JsonText(await reader.getEvent(caller, requireRoomId(path['roomId']), requireEventId(path['eventId']))),
    { limit: 'read' },
  );
}
