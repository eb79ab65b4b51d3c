import { exchangeThirdPartyInvite } from '../../matrix/api/server-server/exchangeThirdPartyInvite.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { serverOf } from '../../matrix/ids.ts';
import { asObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';
import { requireRoomId, requireUserId } from './path-ids.ts';

export function exchangeThirdPartyInviteRoute({ federation, lifecycle }: Services): FederationRoute {
  return federationRoute(exchangeThirdPartyInvite, async ({ caller, path, body }) => {
    const roomId = requireRoomId(path['roomId']);
    const { type, content } = body;
    const signed = asObject(content.third_party_invite.signed);
    // "Must be `m.room.member`", "Must match the ID given in the path", "Must be `invite`"
    const isInvite = type === 'm.room.member' && body.room_id === roomId && content.membership === 'invite';
    if (!isInvite || signed === undefined) throw new MatrixError('M_INVALID_PARAM', 'That is no third-party invite');
    const target = requireUserId(body.state_key);
    if (serverOf(target) !== caller) throw new MatrixError('M_FORBIDDEN', 'That is no user of your server');
    await federation.access.requireAllowed(roomId, caller);
    await lifecycle.thirdPartyInvites.redeem({ roomId, sender: requireUserId(body.sender), target, signed });
    return {};
  });
}
