import { sendInviteV1 } from '../../matrix/api/server-server/sendInviteV1.ts';
import { asObject, getArray, getObject, getString, type JsonObject, omitKeys } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function sendInviteV1Route({ federation }: Services): FederationRoute {
  return federationRoute(sendInviteV1, async ({ caller, path, body }) => {
    const event = asObject(body);
    const state = getArray(getObject(event, 'unsigned'), 'invite_room_state');
    const text = await federation.invites.invite({
      roomId: requireRoomId(path['roomId']),
      eventId: requireEventId(path['eventId']),
      origin: caller,
      version: versionOf(state),
      event: event === undefined ? null : omitKeys(event, 'unsigned'),
      state,
    });
    return new JsonText(`[200,{"event":${text}}]`);
  });
}

/**
 * "Servers which receive a v1 invite request must assume that the room version is either "1" or "2"": which of them,
 * the create event tells.
 */
function versionOf(state: readonly unknown[] | undefined): '1' | '2' {
  const isCreate = (event: JsonObject | undefined): boolean => getString(event, 'type') === 'm.room.create';
  const create = state?.map(asObject).find(isCreate);
  return getString(getObject(create, 'content'), 'room_version') === '2' ? '2' : '1';
}
