import { getRoomState } from '../../matrix/api/client-server/getRoomState.ts';
import { JsonText } from '../kit/answer.ts';
import { joinTexts } from './json-texts.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId } from './client-route.ts';

export function getRoomStateRoute({ reader }: Services): ClientRoute {
  return clientRoute(
    getRoomState,
    async ({ caller, path }) => {
      const view = await reader.requireView(caller.user, requireRoomId(path['roomId']));
      const state = await reader.getState(view);
      return new JsonText(
        joinTexts(await reader.presenter.present(view.room, state, caller, { withRoomId: true, bundle: false })),
      );
    },
    { limit: 'read' },
  );
}
