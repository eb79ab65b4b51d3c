import { sendInviteV2 } from '../../matrix/api/server-server/sendInviteV2.ts';
import { asObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireEventId, requireRoomId } from './path-ids.ts';

export function sendInviteV2Route({ federation }: Services): FederationRoute {
  return federationRoute(sendInviteV2, async ({ caller, path, body }) => {
    const event = await federation.invites.invite({
      roomId: requireRoomId(path['roomId']),
      eventId: requireEventId(path['eventId']),
      origin: caller,
      version: body.room_version,
      event: asObject(body.event) ?? null,
      state: body.invite_room_state,
    });
    return new JsonText(`{"event":${event}}`);
  });
}
