import { getRoomStateWithKey } from '../../matrix/api/client-server/getRoomStateWithKey.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { JsonText } from '../kit/answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getRoomStateWithKeyRoute({ reader }: Services): ClientRoute {
  return clientRoute(
    getRoomStateWithKey,
    async ({ caller, path, query }) => {
      const view = await reader.requireView(caller.user, requireRoomId(path['roomId']));
      const pair = { type: path['eventType'] ?? '', stateKey: path['stateKey'] ?? '' };
      const [event] = await reader.getState(view, pair);
      if (event === undefined) throw new MatrixError('M_NOT_FOUND', 'The room has no such state');
      if (query.format !== 'event') return new JsonText(event.contentText);
      return new JsonText(
        await reader.presenter.presentOne(view.room, event, caller, { withRoomId: true, bundle: false }),
      );
    },
    { limit: 'read' },
  );
}
