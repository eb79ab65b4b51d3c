import { createRoom } from '../../matrix/api/client-server/createRoom.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { JsonObject } from '../../matrix/json.ts';
import { stateDraftOf } from '../../server/lifecycle/index.ts';
import { requireActive } from './require-active.ts';
import { findRoomVersion } from '../../matrix/room-versions.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireUserId } from './client-route.ts';

export function createRoomRoute({ lifecycle, directory, facts, context }: Services): ClientRoute {
  return clientRoute(
    createRoom,
    async ({ caller, body }) => {
      requireActive(caller);
      const rules = findRoomVersion(body.room_version ?? facts.defaultRoomVersion);
      if (rules === undefined)
        throw new MatrixError('M_UNSUPPORTED_ROOM_VERSION', 'This room version is not supported');
      if (body.invite_3pid !== undefined && body.invite_3pid.length > 0) {
        throw new MatrixError('M_THREEPID_DENIED', 'Invitations by e-mail or phone number are not possible here');
      }
      const name = body.room_alias_name;
      const alias = name === undefined ? undefined : directory.requireAlias(`#${name}:${context.serverName}`);
      const roomId = await lifecycle.creation.create(
        {
          creator: caller.user,
          rules,
          preset: body.preset ?? (body.visibility === 'public' ? 'public_chat' : 'private_chat'),
          creationContent: (body.creation_content ?? {}) as JsonObject,
          powerLevelOverride: body.power_level_content_override as JsonObject | undefined,
          initialState: (body.initial_state ?? []).map(stateDraftOf),
          name: body.name,
          topic: body.topic,
          alias,
          invitees: (body.invite ?? []).map(requireUserId),
        },
        { isDirect: body.is_direct === true, published: body.visibility === 'public' },
      );
      return { room_id: roomId };
    },
    { limit: 'join' },
  );
}
