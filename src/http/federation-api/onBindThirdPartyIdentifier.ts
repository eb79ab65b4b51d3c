import { onBindThirdPartyIdentifier } from '../../matrix/api/server-server/onBindThirdPartyIdentifier.ts';
import { parseRoomId, parseUserId } from '../../matrix/ids.ts';
import { asObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

/** Anybody may say that they are an identity server: what is not signed by the right one comes to nothing. */
const INVITES_MAX = 10;

export function onBindThirdPartyIdentifierRoute({ lifecycle }: Services): FederationRoute {
  return federationRoute(
    onBindThirdPartyIdentifier,
    async ({ body }) => {
      const redeemed = body.invites.slice(0, INVITES_MAX).map(async (invite) => {
        const [roomId, sender, target] = [
          parseRoomId(invite.room_id),
          parseUserId(invite.sender),
          parseUserId(invite.mxid),
        ];
        const signed = asObject(invite.signed);
        const isWhole = roomId !== undefined && sender !== undefined && target !== undefined && signed !== undefined;
        if (!isWhole || invite.mxid !== body.mxid) return;
        await lifecycle.thirdPartyInvites.bind({ roomId, sender, target, signed });
      });
      await Promise.all(redeemed);
      return {};
    },
    { limit: 'login' },
  );
}
