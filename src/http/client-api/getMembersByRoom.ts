import { getMembersByRoom } from '../../matrix/api/client-server/getMembersByRoom.ts';
import { JsonText } from '../kit/answer.ts';
import { parseToken } from '../../server/timeline/index.ts';
import { joinTexts } from './json-texts.ts';
import { getString } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getMembersByRoomRoute({ reader }: Services): ClientRoute {
  return clientRoute(
    getMembersByRoom,
    async ({ caller, path, query }) => {
      const view = await reader.requireView(caller.user, requireRoomId(path['roomId']));
      const state =
        query.at === undefined
          ? await reader.getState(view)
          : await reader.getStateAtBoundary(view, parseToken(query.at));
      const members = state.filter(({ pdu }) => {
        const membership = getString(pdu.content, 'membership');
        if (pdu.type !== 'm.room.member') return false;
        if (query.membership !== undefined && membership !== query.membership) return false;
        return query.not_membership === undefined || membership !== query.not_membership;
      });
      const texts = await reader.presenter.present(view.room, members, caller, { withRoomId: true, bundle: false });
      return new JsonText(`{"chunk":${joinTexts(texts)}}`);
    },
    { limit: 'read' },
  );
}
